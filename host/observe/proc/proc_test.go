package proc

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("PROC_TEST_SPIN") != "" {
		for n := 0; ; n++ { // until it is killed
			spun = n
		}
	}
	goleak.VerifyTestMain(m)
}

// spun keeps the loop of a spinning process from being nothing at all.
var spun int

// spin starts a process that uses one processor.
func spin(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PROC_TEST_SPIN=1", "GOMAXPROCS=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid
}

func TestSpinningProcessDemandsAProcessorHoweverLoadedTheMachine(t *testing.T) {
	for range runtime.NumCPU() { // rivals, so that no spinner has a processor to itself
		spin(t)
	}
	victim := []int{spin(t)}
	tracker := NewTracker()
	var u Usage
	for range 2 { // the first sample is the base of the rates
		now := time.Now()
		u = tracker.Sample(now, victim)
		tracker.SampleDear(now, victim, &u)
		time.Sleep(2 * time.Second) // a rate needs time to pass
	}
	if u.DemandPercent < 60 || u.DemandPercent > 160 {
		t.Errorf("got a demand of %.0f %%, want about 100", u.DemandPercent)
	}
	if u.CPUPercent < 1 || u.CPUPercent > u.DemandPercent+10 {
		t.Errorf("got %.0f %% of a processor at a demand of %.0f %%", u.CPUPercent, u.DemandPercent)
	}
}

func TestOwnUsageIsMeasured(t *testing.T) {
	tracker := NewTracker()
	now := time.Now()
	u := tracker.Sample(now, []int{os.Getpid()})
	tracker.SampleDear(now, []int{os.Getpid()}, &u)
	if u.RSS < 1<<20 || u.Threads < 2 || u.FDs < 3 || u.Processes != 1 {
		t.Errorf("got %+v", u)
	}
	if u.CPUPercent >= 0 || u.ReadRate >= 0 || u.DemandPercent >= 0 {
		t.Errorf("got rates %+v from one sample", u)
	}
}

func TestDescriptorsAreCountedInBothWays(t *testing.T) {
	r := newReader()
	before, err := r.descriptors(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	if after, err := r.descriptors(os.Getpid()); err != nil || after != before+50 {
		t.Errorf("got %d after opening 50 files with %d open, %v", after, before, err)
	}
	walked := 0
	if err := r.entries("/proc/self/fd", func(names []string) { walked += len(names) }); err != nil || walked < before+50 {
		t.Errorf("walked over %d descriptors, %v, want at least %d", walked, err, before+50)
	}
}

func TestMeasuringLeaksNoDescriptor(t *testing.T) {
	tracker := NewTracker()
	pids := []int{os.Getpid(), 1, 1 << 30}
	measure := func(times int) {
		for range times {
			u := tracker.Sample(time.Now(), pids)
			tracker.SampleDear(time.Now(), pids, &u)
		}
	}
	measure(3)
	before, err := newReader().descriptors(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	measure(300)
	if after, err := newReader().descriptors(os.Getpid()); err != nil || after > before {
		t.Errorf("got %d open files after 300 measurements, %v, want %d", after, err, before)
	}
}

func TestProcessThatBeganLongAgoDoesNotCountFromItsStart(t *testing.T) {
	pid := spin(t)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if s, err := newReader().stat(pid); err == nil && s.CPU > 500*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the child used no processor within a minute")
		}
	}
	tracker := NewTracker()
	tracker.Sample(time.Now(), []int{os.Getpid()})
	time.Sleep(100 * time.Millisecond)
	if u := tracker.Sample(time.Now(), []int{os.Getpid(), pid}); u.CPUPercent > 200 {
		t.Errorf("got %.0f %% in the sample in which the process was first seen", u.CPUPercent)
	}
}

func TestGoneProcessesLeaveNoTrace(t *testing.T) {
	tracker := NewTracker()
	if u := tracker.Sample(time.Now(), []int{1 << 30}); u.Processes != 0 || u.RSS >= 0 {
		t.Errorf("got %+v of a process that is not there", u)
	}
	tracker.Sample(time.Now(), []int{os.Getpid()})
	tracker.Sample(time.Now(), nil)
	if len(tracker.known) != 0 {
		t.Errorf("%d processes are still known", len(tracker.known))
	}
}

func TestNameInStatMayHoldBracketsAndBlanks(t *testing.T) {
	line := "42 (a) b (c) S 1 42 42 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 7 0 9999 1000 25 18446744073709551615 0"
	s, err := parseStat([]byte(line))
	if err != nil || s.CPU != 2*time.Second || s.Threads != 7 || s.Start != 9999 || s.RSS != 25*int64(os.Getpagesize()) {
		t.Errorf("got %+v, %v", s, err)
	}
}

func FuzzStatIsParsedWithoutPanic(f *testing.F) {
	f.Add([]byte("42 (x) S 1 42 42 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 7 0 9999 1000 25 1 0"))
	f.Add([]byte(")"))
	f.Add([]byte("1 (x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := parseStat(data); err != nil && s != (Stat{}) {
			t.Errorf("got %+v beside an error", s)
		}
		parseIO(data)
	})
}

func TestIOIsRead(t *testing.T) {
	got := parseIO([]byte("rchar: 1\nwchar: 2\nsyscr: 3\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n"))
	if got != (IO{4096, 8192}) {
		t.Errorf("got %+v", got)
	}
}

func BenchmarkSample(b *testing.B) {
	tracker := NewTracker()
	pids := []int{os.Getpid()}
	b.ReportAllocs()
	for b.Loop() {
		u := tracker.Sample(time.Now(), pids)
		tracker.SampleDear(time.Now(), pids, &u)
	}
}
