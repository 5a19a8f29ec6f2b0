package history

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/sdk"
)

// child is what the re-executed test binary does: it appends samples and
// documents for ever, and prints the number of each one that was taken.
func child(dir string) {
	ctx := context.Background()
	s, err := OpenMetrics(ctx, filepath.Join(dir, "metrics.db"), Options{Log: hclog.NewNullLogger()})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	r, err := OpenRecords(ctx, filepath.Join(dir, "records.db"))
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	first, _ := strconv.Atoi(os.Getenv("HISTORY_TEST_FIRST"))
	for i := first; ; i++ { // each append is a quarter of an hour later, so that many fall upon packing
		series := []sdk.Series{ramp("web", "fds", i*900, 3), ramp("web", "rss_bytes", i*900, 3)}
		if err := s.AppendSeries(series); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if err := r.Put(ctx, Document{Kind: "n", ID: strconv.Itoa(i), Time: day.Add(time.Duration(i)), Body: []byte("{}")}); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

// runChild starts a child, kills it after it has reported the given number of
// rounds and returns the last that it reported.
func runChild(t *testing.T, dir string, first, rounds int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HISTORY_TEST_CHILD="+dir, "HISTORY_TEST_FIRST="+strconv.Itoa(first))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := first - 1
	lines := bufio.NewScanner(io.LimitReader(out, 1<<20))
	for range rounds {
		if !lines.Scan() {
			t.Fatalf("the child ended after %d: %v", last, lines.Err())
		}
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
	}
	// The rest of the work goes on while the signal is under way: the kill
	// falls upon any instruction of it.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			last = n
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
	return last
}

func TestKillLosesNothingThatWasTaken(t *testing.T) {
	dir := t.TempDir()
	next := 0
	for kill := range 12 {
		last := runChild(t, dir, next, 1+kill)
		s := open(t, dir, Options{})
		r := openRecords(t, filepath.Join(dir, "records.db"))
		got, err := s.Series(t.Context(), Query{Component: "web", From: day, To: day.AddDate(1, 0, 0)})
		if err != nil || len(got) != 2 {
			t.Fatalf("kill %d: got %d series, %v, want 2", kill, len(got), err)
		}
		for _, series := range got {
			n := len(series.Times)
			if n < 3*(last+1) || n > 3*(last+2) || n%3 != 0 {
				t.Fatalf("kill %d: %s has %d samples, want those of %d appends, or of one more", kill, series.Name, n, last+1)
			}
			for i, at := range series.Times {
				if want := day.UnixMilli() + int64(i/3*900+i%3)*1000; at != want {
					t.Fatalf("kill %d: sample %d of %s is of %d, want %d", kill, i, series.Name, at, want)
				}
			}
			next = n / 3
		}
		if _, err := r.Document(t.Context(), "n", strconv.Itoa(last)); err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		s.Close()
		r.Close()
	}
}
