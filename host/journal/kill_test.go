package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// victimVariable makes the test binary append to the journal in the folder that it names until it is killed.
const victimVariable = "HOMEOSTAT_TEST_JOURNAL_VICTIM"

// victim appends from several goroutines and prints the number of each record that it was told is durable.
func victim(dir string) {
	j, err := Open(dir, Options{SegmentBytes: 2 << 10})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				r, err := j.Append(context.Background(), Entry{Actor: fmt.Sprint("w", w), Kind: "counted", Fields: map[string]any{"i": i}})
				if err != nil {
					fmt.Println("error", err)
					return
				}
				fmt.Println(r.Seq)
			}
		})
	}
	group.Wait()
}

// killAfter runs the victim and kills it when it has been told of n records. It returns the highest number it was told.
func killAfter(t *testing.T, dir string, n int) uint64 {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), victimVariable+"="+dir)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	told := uint64(0)
	lines := bufio.NewReader(out)
	for count := 0; ; count++ {
		if count == n {
			if err := command.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		seq, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			t.Fatalf("victim says %q", line)
		}
		told = max(told, seq)
	}
	if err := command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("victim ended with %v, want killed", err)
	}
	return told
}

func TestKillNineLosesNoRecordThatWasToldDurable(t *testing.T) {
	dir := t.TempDir()
	anchors := []Head{}
	for round := range 30 {
		told := killAfter(t, dir, 1+7*round%40)
		j, err := Open(dir, Options{SegmentBytes: 2 << 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range j.Findings() {
			if f.Kind != FindingRepaired {
				t.Errorf("round %d: got finding %+v, want at most repairs", round, f)
			}
		}
		if head := j.Head(); head.Seq < told {
			t.Errorf("round %d: got head %d, but record %d was told durable", round, head.Seq, told)
		}
		anchors = append(anchors, j.Head())
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		mustBeWhole(t, dir, int(anchors[round].Seq), anchors...)
	}
}
