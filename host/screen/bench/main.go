// Command bench prints how well the screen tells harmful lines from everyday ones, by type, beside three patterns.
//
// It reads one file and runs nothing. It has one goroutine.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/homeostat/homeostat/host/screen/measure"
)

func main() {
	misses := flag.Bool("misses", false, "also list the wrong answers of the half that tuning may look at")
	edited := flag.String("edits", "", "also make ordinary edits of the text files in this `folder`, which is only read")
	stops := flag.Bool("stops", false, "also list the ordinary edits that are stopped")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bench [-misses] [-edits FOLDER [-stops]] FILE (lines of label, tab, type, tab, line)")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	lines, err := load(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *misses {
		list(os.Stdout, lines)
	}
	table(os.Stdout, lines)
	if *edited == "" {
		return
	}
	reasons := io.Discard
	if *stops {
		reasons = os.Stdout
	}
	if err := everyday(os.Stdout, *edited, reasons); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func load(name string) ([]measure.Line, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := measure.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return lines, nil
}

func list(w io.Writer, lines []measure.Line) {
	for _, l := range lines {
		if stop := measure.Judge(l); stop != l.Harmful && !l.Held() {
			fmt.Fprintf(w, "harmful=%-5t stopped=%-5t %s\t%s\n", l.Harmful, stop, l.Type, l.Text)
		}
	}
}

func table(w io.Writer, lines []measure.Line) {
	var held, tuned []measure.Line
	for _, l := range lines {
		if l.Held() {
			held = append(held, l)
		} else {
			tuned = append(tuned, l)
		}
	}
	began := time.Now()
	rows := measure.Table(lines)
	each := time.Since(began) / time.Duration(max(1, len(lines)))
	print(w, "all lines", rows)
	print(w, "the half kept from tuning (by the hash of the line)", measure.Table(held))
	print(w, "the other half", measure.Table(tuned))
	fmt.Fprintf(w, "%d lines, %s a line with the baseline\n", len(lines), each)
	fmt.Fprintln(w, "baseline: rm -rf; eval or exec; curl or wget piped into sh, each as a regular expression over the line")
}

func print(w io.Writer, title string, rows []measure.Row) {
	fmt.Fprintf(w, "%s\n%-12s %6s %8s   %9s %7s %12s   %9s %7s\n", title, "type", "lines", "harmful", "precision", "recall", "false/100", "baseline:", "recall")
	for _, r := range rows {
		s := r.Screen
		fmt.Fprintf(w, "%-12s %6d %8d   %9.3f %7.3f %12.2f   %9.3f %7.3f\n", r.Type, s.Stopped+s.FalseStops+s.Missed+s.Passed, s.Stopped+s.Missed,
			s.Precision(), s.Recall(), s.FalseStopRate(), r.Baseline.Precision(), r.Baseline.Recall())
	}
	fmt.Fprintln(w)
}
