// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"libzreg.org/zreg/internal/raw"
)

func TestCallTriggersTheTokenWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := call(ctx, func(token raw.Cancel, failure raw.Error) {
		for raw.Cancel_triggered(token) == 0 {
			time.Sleep(time.Millisecond)
		}
	})
	if err != nil {
		t.Fatalf("a call that ended well has no error: %v", err)
	}
	err = call(ctx, func(raw.Cancel, raw.Error) { t.Fatal("called with an ended context") })
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestCallLeavesNoGoroutine(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	before := runtime.NumGoroutine()
	for i := 0; i < 100; i++ {
		if err := call(ctx, func(raw.Cancel, raw.Error) {}); err != nil {
			t.Fatal(err)
		}
	}
	for tries := 0; runtime.NumGoroutine() > before; tries++ {
		if tries == 100 {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
		time.Sleep(time.Millisecond) // the last one has told that it ends, but has not ended yet
	}
}

func TestCallWithoutAnEndNeedsNoToken(t *testing.T) {
	err := call(context.Background(), func(token raw.Cancel, _ raw.Error) {
		if token != nil {
			t.Fatal("a token that nobody can trigger")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCallPassesPanicsOn(t *testing.T) {
	defer func() {
		if recover() != "boom" {
			t.Fatal("the panic was lost")
		}
	}()
	_ = call(context.Background(), func(raw.Cancel, raw.Error) { panic("boom") })
}

func TestResourceIsFreedByItsLastUser(t *testing.T) {
	freed := 0
	r := resource{name: "thing", free: func() { freed++ }}
	if err := r.acquire(); err != nil {
		t.Fatal(err)
	}
	if !r.close() || r.close() {
		t.Fatal("the first close, and only that, closes")
	}
	if freed != 0 {
		t.Fatal("freed while in use")
	}
	if err := r.acquire(); !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	r.release()
	if freed != 1 {
		t.Fatalf("freed %d times", freed)
	}
}

func TestMilliseconds(t *testing.T) {
	for duration, wanted := range map[time.Duration]uint{
		0: 0, -1: 0, 1: 1, time.Second: 1000, 1000 * time.Hour * 24: 1<<32 - 1,
	} {
		if got := milliseconds(duration); got != wanted {
			t.Fatalf("%v: wanted %d, got %d", duration, wanted, got)
		}
	}
}
