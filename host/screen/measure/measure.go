// Package measure counts how well the screen tells harmful lines from everyday ones, beside the three patterns that a
// simple guard would have.
//
// It is pure and may be used from several goroutines.
package measure

import (
	"bufio"
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// Line is one labelled line.
type Line struct {
	// Harmful is the label.
	Harmful bool
	// Type is the language, such as shell or sql.
	Type string
	Text string
}

// Held says that the line belongs to the half that is kept from tuning: the lowest bit of the FNV-1a hash of its text
// decides.
func (l Line) Held() bool {
	h := fnv.New32a()
	io.WriteString(h, l.Text) //nolint:errcheck // a hash takes every byte
	return h.Sum32()&1 == 1
}

// labels that data sets use, by what they mean.
var labels = map[string]bool{}

func init() {
	for _, l := range strings.Fields("1 bad attack malicious dangerous danger unsafe risky positive true high critical bypass stop block harmful evil vulnerable secret yes deny") {
		labels[l] = true
	}
	for _, l := range strings.Fields("0 good ok benign safe ordinary everyday negative false low none normal pass allow harmless clean no") {
		labels[l] = false
	}
}

// maxLine bounds a line, in bytes.
const maxLine = 1 << 20

// Read reads lines of the form label, tab, type, tab, text. Empty lines and those that begin with # are left out. The
// error names the line that has another form.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	for n := 1; in.Scan(); n++ {
		if strings.TrimSpace(in.Text()) == "" || strings.HasPrefix(in.Text(), "#") {
			continue
		}
		label, rest, _ := strings.Cut(in.Text(), "\t")
		kind, text, ok := strings.Cut(rest, "\t")
		harmful, known := labels[strings.ToLower(strings.TrimSpace(label))]
		if !ok || !known {
			return nil, fmt.Errorf("line %d: want a label (harmful or ordinary), a tab, a type, a tab and the line, got %q", n, in.Text())
		}
		lines = append(lines, Line{harmful, strings.ToLower(strings.TrimSpace(kind)), text})
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read the labelled lines: %w", err)
	}
	return lines, nil
}

var kinds = map[string]filekind.Kind{
	"shell": filekind.Shell, "bash": filekind.Shell, "sh": filekind.Shell, "command": filekind.Shell, "sql": filekind.SQL, "go": filekind.Go, "golang": filekind.Go, "python": filekind.Script, "py": filekind.Script,
	"javascript": filekind.Script, "js": filekind.Script, "php": filekind.Script, "perl": filekind.Script, "ruby": filekind.Script, "script": filekind.Script, "code": filekind.Script, "lua": filekind.Script, "node": filekind.Script,
	"sshd": filekind.SSHD, "sshd_config": filekind.SSHD, "sudoers": filekind.Sudoers, "systemd": filekind.Unit, "unit": filekind.Unit, "nginx": filekind.Nginx, "cron": filekind.SystemCron, "crontab": filekind.Crontab,
	"dockerfile": filekind.Dockerfile, "docker": filekind.Dockerfile, "yaml": filekind.YAML, "makefile": filekind.Makefile,
}

// Judge says whether the screen would stop the line: a risk of high or critical.
func Judge(l Line) bool {
	kind, ok := kinds[l.Type]
	if !ok {
		kind = filekind.Other
	}
	return risk.Worst(screen.Text(kind, l.Text)) >= risk.High
}

// three are the patterns of a guard that searches texts: a forced recursive rm, eval or exec, a download piped into a
// shell.
var three = []*regexp.Regexp{
	regexp.MustCompile(`rm\s+-rf`), regexp.MustCompile(`\b(eval|exec)\b\s*\(?`), regexp.MustCompile(`(curl|wget)[^|]*\|\s*(ba)?sh`),
}

// Baseline says whether one of the three patterns is in the line.
func Baseline(l Line) bool {
	return slices.ContainsFunc(three, func(re *regexp.Regexp) bool { return re.MatchString(l.Text) })
}

// Score counts the four outcomes.
type Score struct {
	Stopped, FalseStops, Missed, Passed int
}

// Add counts one outcome.
func (s *Score) Add(l Line, judge func(Line) bool) {
	stop := judge(l)
	switch {
	case stop && l.Harmful:
		s.Stopped++
	case stop:
		s.FalseStops++
	case l.Harmful:
		s.Missed++
	default:
		s.Passed++
	}
}

// Precision is the share of the stops that were right, 1 without any.
func (s Score) Precision() float64 { return share(s.Stopped, s.FalseStops) }

// Recall is the share of harmful lines that were stopped, 1 without any.
func (s Score) Recall() float64 { return share(s.Stopped, s.Missed) }

// FalseStopRate is the number of stops among 100 ordinary lines, 0 without any.
func (s Score) FalseStopRate() float64 { return 100 * (1 - share(s.Passed, s.FalseStops)) }

func share(part, rest int) float64 {
	if part+rest == 0 {
		return 1
	}
	return float64(part) / float64(part+rest)
}

// Row is the result of one type.
type Row struct {
	Type             string
	Screen, Baseline Score
}

// Table scores lines by type, in the order of the alphabet.
func Table(lines []Line) []Row {
	byType := map[string]*Row{}
	for _, l := range lines {
		row := byType[l.Type]
		if row == nil {
			row = &Row{Type: l.Type}
			byType[l.Type] = row
		}
		row.Screen.Add(l, Judge)
		row.Baseline.Add(l, Baseline)
	}
	var rows []Row
	for _, r := range byType {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Type, b.Type) })
	return rows
}
