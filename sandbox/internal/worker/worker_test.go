package worker

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mib = 1 << 20

func TestLinearMemoryGrowsInPlaceAndKeepsItsBytes(t *testing.T) {
	b := &budget{left: 8 * mib}
	m := b.Allocate(mib, 16*mib)
	first := m.Reallocate(mib)
	first[0], first[mib-1] = 1, 2
	second := m.Reallocate(4 * mib)
	if second[0] != 1 || second[mib-1] != 2 || second[mib] != 0 || &first[0] != &second[0] {
		t.Error("growing moved or lost bytes")
	}
	if got := m.Reallocate(9 * mib); got != nil {
		t.Error("grew beyond the budget")
	}
	if got := m.Reallocate(17 * mib); got != nil {
		t.Error("grew beyond the declared maximum")
	}
	if b.left != 4*mib || b.peak != 4*mib {
		t.Errorf("budget: left %d, peak %d; want 4 MiB each", b.left, b.peak)
	}
	m.Free()
	m.Free() // wazero may do so twice
	if b.left != 8*mib || b.used != 0 || b.peak != 4*mib {
		t.Errorf("after free: %+v; want all of it back and the peak kept", *b)
	}
}

func TestBudgetIsSharedAndNeverNegative(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &budget{left: 100}
		taken := int64(0)
		for _, n := range rapid.SliceOf(rapid.Int64Range(0, 60)).Draw(rt, "amounts") {
			if ok := b.spend(n); ok != (taken+n <= 100) {
				rt.Fatalf("spend %d with %d taken: got %v", n, taken, ok)
			} else if ok {
				taken += n
			}
			if taken > 0 && rapid.Bool().Draw(rt, "give back") {
				b.spend(-taken)
				taken = 0
			}
		}
		if b.left != 100-taken {
			rt.Fatalf("left %d, want %d", b.left, 100-taken)
		}
	})
}

func TestClockMovesByLooksAndSleepsAlone(t *testing.T) {
	c := &clock{now: 1_000_000_000}
	sec, nsec := c.wall()
	if sec != 1 || nsec != tick {
		t.Errorf("first look: %d s %d ns, want 1 s and one tick", sec, nsec)
	}
	c.sleep(5e9)
	c.sleep(-7e9)
	if got := c.nano(); got != 6_000_000_000+2*tick {
		t.Errorf("after a sleep of 5 s: %d", got)
	}
}

func TestRandomBytesDependOnTheSeedAlone(t *testing.T) {
	draw := func(seed uint64) []byte {
		buf := make([]byte, 64)
		if _, err := randomness(seed).Read(buf); err != nil {
			t.Fatal(err)
		}
		return buf
	}
	if !bytes.Equal(draw(1), draw(1)) || bytes.Equal(draw(1), draw(2)) {
		t.Error("want the same bytes for one seed and others for another")
	}
}

func TestCappedWriterEndsTheGuestAtItsLimit(t *testing.T) {
	var out bytes.Buffer
	ended := 0
	w := &capped{to: &out, left: 10, flooded: func() { ended++ }}
	for _, text := range []string{"12345", "67890"} {
		if n, err := w.Write([]byte(text)); n != 5 || err != nil {
			t.Errorf("within the limit: %d, %v", n, err)
		}
	}
	if ended != 0 {
		t.Error("ended at the limit itself")
	}
	if _, err := w.Write([]byte("x")); err == nil || ended != 1 || out.String() != "1234567890" {
		t.Errorf("beyond: %v, ended %d times, %q", err, ended, out.String())
	}
}

func TestPeakIsThatOfThisProcess(t *testing.T) {
	if got := openPeak().read(); got < mib {
		t.Errorf("got %d bytes", got)
	}
	if got := (peakFile{}).read(); got != 0 {
		t.Errorf("without /proc: got %d, want 0", got)
	}
}
