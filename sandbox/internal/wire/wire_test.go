package wire_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/sandbox/internal/confine"
	"github.com/homeostat/homeostat/sandbox/internal/wire"
	"github.com/homeostat/homeostat/sandbox/view"
)

func TestBundleCarriesJobAndBytes(t *testing.T) {
	var b wire.Bundle
	job := wire.Job{Mode: wire.Run, Args: []string{"a", "b"}, Seed: 1 << 63, Module: b.Add([]byte("module")), Stdin: b.Add(nil),
		View: view.View{Lower: "/srv", Staged: []view.Staged{{Path: "x", Kind: view.File}}}}
	job.Staged = append(job.Staged, b.Add([]byte("staged")))
	f, err := b.File(job)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	opened, err := wire.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(opened.Job, job) {
		t.Errorf("job: got %+v, want %+v", opened.Job, job)
	}
	if got, err := opened.Blob(job.Module); string(got) != "module" || err != nil {
		t.Errorf("module: got %q, %v", got, err)
	}
	if v, err := opened.Candidate(); err != nil || string(v.Staged[0].Data) != "staged" {
		t.Errorf("candidate: got %+v, %v", v, err)
	}
}

func TestSealedBundleCannotBeChanged(t *testing.T) {
	var b wire.Bundle
	b.Add([]byte("pinned"))
	f, err := b.File(wire.Job{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("a sealed bundle took a write")
	}
	if err := f.Truncate(0); err == nil {
		t.Error("a sealed bundle could be cut")
	}
	if _, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		t.Error("a sealed bundle could be mapped for writing")
	}
}

func TestSpansOutsideTheBundleAreRefused(t *testing.T) {
	var b wire.Bundle
	b.Add([]byte("0123456789"))
	f, err := b.File(wire.Job{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	opened, err := wire.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []wire.Span{{Off: -1, Len: 1}, {Off: 0, Len: -1}, {Off: 0, Len: 11}, {Off: 11}, {Off: 5, Len: 1<<63 - 1}, {Off: 1<<63 - 1, Len: 1}} {
		if got, err := opened.Blob(s); err == nil {
			t.Errorf("span %+v: got %q, want an error", s, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}blob"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, data []byte) {
		name := t.TempDir() + "/job"
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if opened, err := wire.Open(file); err == nil {
			_, _ = opened.Candidate() // must not panic
			_, _ = opened.Blob(opened.Job.Module)
		}
	})
}

func events(text string) ([]wire.Event, error) {
	var all []wire.Event
	err := wire.ReadEvents(strings.NewReader(text), func(e wire.Event) { all = append(all, e) })
	return all, err
}

func TestEventsArriveOnceAndInOrder(t *testing.T) {
	var out bytes.Buffer
	w := wire.NewWriter(&out)
	w.Event(wire.Event{Status: &confine.Status{On: []confine.Guard{confine.Seccomp}}})
	for range 3 {
		w.Read("a")
		w.Wrote("a")
		w.Refused("open", "b", "because")
	}
	if err := w.End(wire.End{Reason: wire.Exited, Exit: 7}); err != nil {
		t.Fatal(err)
	}
	got, err := events(out.String())
	if err != nil || len(got) != 5 || got[1].Read != "a" || got[2].Wrote != "a" || got[3].Refused.Why != "because" || got[4].End.Exit != 7 {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestEventsAreBounded(t *testing.T) {
	var out bytes.Buffer
	w := wire.NewWriter(&out)
	for i := range wire.MaxEvents + 10 {
		w.Read(strings.Repeat("x", i%100) + string(rune('a'+i%26)) + strings.Repeat("y", i/100))
	}
	w.Wrote(strings.Repeat("long", 1<<15))
	if err := w.End(wire.End{}); err != nil {
		t.Fatal(err)
	}
	got, err := events(out.String())
	if err != nil || len(got) > wire.MaxEvents+1 || got[len(got)-1].End.Dropped == 0 {
		t.Fatalf("got %d events, last %+v, %v; want at most %d and a count of the rest", len(got), got[len(got)-1], err, wire.MaxEvents+1)
	}
}

func TestWorkerThatBreaksTheProtocolIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":        "hello\n",
		"unknown field":  `{"shell":"id"}` + "\n",
		"nothing":        "{}\n",
		"two at once":    `{"read":"a","wrote":"b"}` + "\n",
		"two in a line":  `{"read":"a"}{"read":"b"}` + "\n",
		"after the end":  `{"end":{"reason":"exited"}}` + "\n" + `{"read":"a"}` + "\n",
		"line too long":  `{"read":"` + strings.Repeat("x", 1<<17) + `"}` + "\n",
		"array":          "[]\n",
		"number too big": `{"end":{"reason":"exited","exit":1e99}}` + "\n",
	} {
		if got, err := events(text); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func FuzzReadEvents(f *testing.F) {
	f.Add(`{"read":"a"}` + "\n" + `{"end":{"reason":"exited","exit":1}}`)
	f.Add(`{"status":{"on":["seccomp"],"missing":{"landlock":"no"}}}`)
	f.Add(`{"refused":{"op":"open","path":"\u0000","why":""}}`)
	f.Fuzz(func(t *testing.T, text string) {
		ends := 0
		_ = wire.ReadEvents(strings.NewReader(text), func(e wire.Event) {
			if e.End != nil {
				ends++
			}
		})
		if ends > 1 {
			t.Errorf("%d ends in %q", ends, text)
		}
	})
}

func TestFramesCarryValuesAndRefuseRubbish(t *testing.T) {
	var pipe bytes.Buffer
	want := wire.Request{Function: "fitness", Params: []float64{1, -0.5}, Seed: 1 << 63, Stdin: []byte{0, 255}}
	if err := wire.WriteFrame(&pipe, want); err != nil {
		t.Fatal(err)
	}
	var got wire.Request
	if err := wire.ReadFrame(&pipe, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if err := wire.ReadFrame(&pipe, &got); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: got %v, want io.EOF", err)
	}
	for name, text := range map[string]string{"cut length": "\x00\x00", "cut body": "\x00\x00\x00\x09{}", "too large": "\xff\xff\xff\xff", "no JSON": "\x00\x00\x00\x02{{"} {
		if err := wire.ReadFrame(strings.NewReader(text), &got); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
}
