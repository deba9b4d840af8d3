# SPDX-License-Identifier: Apache-2.0
import errno

import pytest

import zreg
from zreg import _raw, errors

STATUSES = {
    "INVAL": zreg.InvalidArgument, "NOTFOUND": zreg.NotFound, "DENIED": zreg.Denied, "CONFLICT": zreg.Conflict,
    "CORRUPT": zreg.Corrupt, "LIMIT": zreg.Limit, "LOOKUP": zreg.UnknownHost, "NET": zreg.NetError,
    "TLS": zreg.TlsError, "PEER": zreg.PeerError, "BUSY": zreg.Busy,
    "PROTO": zreg.ProtocolError, "TIMEOUT": zreg.Timeout, "CANCELLED": zreg.Cancelled, "CALLBACK": zreg.Error,
    "UNSUPPORTED": zreg.Unsupported, "IO": zreg.FileError, "NOMEM": MemoryError,
}


@pytest.mark.parametrize("name, kind", STATUSES.items())
def test_each_status_has_its_class(name, kind):
    error = errors.from_raw(getattr(_raw, f"ZREG_{name}"), 404, 0, True, 1500, "MANIFEST_UNKNOWN", "r:1",
                            "x: not there")
    assert type(error) is kind and str(error) == "x: not there"
    if isinstance(error, zreg.Error):
        assert (error.code, error.http_status) == (name, 404)
        assert (error.registry_code, error.message) == ("MANIFEST_UNKNOWN", "x: not there")
        assert (error.retryable, error.retry_after, error.about) == (True, 1.5, "r:1")


def test_errors_are_also_what_python_calls_them():
    assert issubclass(zreg.InvalidArgument, ValueError)
    assert issubclass(zreg.Timeout, TimeoutError)
    assert issubclass(zreg.FileError, OSError)


def test_a_missing_file_is_what_python_calls_it(tmp_path):
    with zreg.Client(authfile="") as client, pytest.raises(FileNotFoundError) as caught:
        client.append("scratch", [tmp_path / "none.tar"], f"oci:{tmp_path}/layout")
    assert isinstance(caught.value, zreg.NotFound)
    assert (caught.value.errno, caught.value.filename) == (2, str(tmp_path / "none.tar"))
    with pytest.raises(OSError) as caught, zreg.Server(str(tmp_path / "a"), listen="127.0.0.1:0") as one:
        zreg.Server(str(tmp_path / "b"), listen=one.address)
    assert caught.value.errno == errno.EADDRINUSE


def test_all_names_exist():
    assert [name for name in zreg.__all__ if not hasattr(zreg, name)] == []


def test_none_in_place_of_an_object_is_a_type_error():
    for call in (lambda: _raw.ref_text(None), lambda: _raw.manifest_annotation(None, "x"),
                 lambda: _raw.ref_parse(None), lambda: _raw.cancel_trigger("x")):
        with pytest.raises(TypeError):
            call()


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="no option is called 'colour'"):
        _raw.client_new({"colour": "red"})


@pytest.mark.parametrize("options", [{"attempts": -1}, {"attempts": 2**32}, {"attempts": "1"}, {"user_agent": b"x"},
                                     {"user_agent": "a\0b"}, []])
def test_options_of_a_wrong_type_are_refused(options):
    with pytest.raises((TypeError, ValueError, OverflowError)):
        _raw.client_new(options)
