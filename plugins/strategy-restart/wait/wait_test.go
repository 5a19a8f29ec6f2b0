package wait

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const penalty = 30 * time.Second

func (m *Memory) lived(n int, waited time.Duration, healed bool) {
	for i := range n {
		id := fmt.Sprint(waited, i)
		m.Proposed(id, waited)
		m.Learn(Outcome{Incident: id, Signature: "web:exit", Healed: healed})
	}
}

func TestARestartThatHelpsAtOnceIsNeverDelayed(t *testing.T) {
	var m Memory
	m.lived(20, 0, true)
	m.lived(2, 0, false)
	if got, why := m.Before("web:exit", penalty); got != 0 || why != "" {
		t.Errorf("got %v (%s), want none", got, why)
	}
}

func TestTheWaitAfterWhichRestartsLastIsLearned(t *testing.T) {
	var m Memory
	m.lived(6, 0, false)
	m.lived(6, 3*time.Second, false)
	m.lived(6, 9*time.Second, true)
	got, why := m.Before("web:exit", penalty)
	if got != 8*time.Second || !strings.Contains(why, "after 8s") {
		t.Errorf("got %v (%s), want 8s", got, why)
	}
	if other, _ := m.Before("store:exit", penalty); other != 0 {
		t.Errorf("got %v for a signature without cases, want none", other)
	}
	m.lived(60, 0, true)
	if got, _ := m.Before("web:exit", penalty); got != 0 {
		t.Errorf("got %v after restarts at once lasted again, want none", got)
	}
}

func TestWhatFailsAfterEveryWaitIsNotDelayed(t *testing.T) {
	var m Memory
	for _, s := range steps {
		m.lived(5, s, false)
	}
	if got, _ := m.Before("web:exit", penalty); got != 0 {
		t.Errorf("got %v, want none: no wait has helped", got)
	}
}

func TestAnOutcomeOfAnUnknownProposalIsLeftOut(t *testing.T) {
	var m Memory
	for range 10 {
		m.Learn(Outcome{Incident: "inc", Signature: "web:exit"})
	}
	if data, err := m.Save(); err != nil || string(data) != "null" {
		t.Errorf("got %s, %v, want nothing learned", data, err)
	}
}

func TestMemoryIsBoundedAndSurvivesSaving(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Memory
		for i := range rapid.IntRange(0, 60).Draw(t, "restarts") {
			id := fmt.Sprint(i)
			m.Proposed(id, time.Duration(rapid.Int64Range(-5, 200).Draw(t, "waited"))*time.Second)
			m.Learn(Outcome{Incident: id, Signature: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "signature"), Healed: rapid.Bool().Draw(t, "healed")})
		}
		data, err := m.Save()
		if err != nil {
			t.Fatal(err)
		}
		var back Memory
		if err := back.Load(data); err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"a", "b", "c"} {
			want, why := m.Before(s, penalty)
			got, gotWhy := back.Before(s, penalty)
			if got != want || why != gotWhy || got < 0 || got > steps[len(steps)-1] {
				t.Fatalf("%s: got %v (%s), want %v (%s)", s, got, gotWhy, want, why)
			}
		}
	})
	var m Memory
	for i := range maxSignatures + 5 {
		m.Proposed("x", 0)
		m.Learn(Outcome{Incident: "x", Signature: fmt.Sprint(i)})
	}
	if n := len(m.bySignature); n != maxSignatures {
		t.Errorf("got %d signatures, want %d", n, maxSignatures)
	}
}

func FuzzADamagedMemoryIsRefusedWhole(f *testing.F) {
	f.Add([]byte(`{"web:exit":{"healed":[0,0,0,0,0,0,0,0],"failed":[1,0,0,0,0,0,0,0]}}`))
	f.Add([]byte(`{"web:exit":{"healed":[],"failed":[1e300]}}`))
	f.Add([]byte(`{"web:exit":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Memory
		m.lived(4, 0, false)
		before, _ := m.Save()
		if err := m.Load(data); err != nil {
			if after, _ := m.Save(); string(after) != string(before) {
				t.Errorf("got %s after %v, want it unchanged", after, err)
			}
			return
		}
		if got, _ := m.Before("web:exit", penalty); got < 0 || got > steps[len(steps)-1] {
			t.Errorf("got %v from %s", got, data)
		}
	})
}
