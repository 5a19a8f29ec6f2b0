// Package ordinary measures how often the screen stops an ordinary change: it makes the edits that administrators make
// every day out of real files, and has each judged.
//
// It is pure: files and chance come in as values, and it keeps nothing. It knows no harm: what it makes is taken to be
// ordinary, so that a stop counts as a false one, although a person might want to see one or the other. Files of which
// every edit asks a person, such as /etc/shadow, are counted apart: there a stop is what is meant.
package ordinary

import (
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// File is a text at its path below the root.
type File struct{ Path, Text string }

// Stop is a change that was stopped: its risk is high or critical.
type Stop struct {
	Kind, Path string
	Reason     screen.Reason
}

// Row is the count of one kind of edit.
type Row struct {
	Kind  string
	Edits int
	// Authority counts the edits of files that decide who may log in or what is loaded: those are all stopped.
	Authority int
	// Stops counts the other edits that were stopped.
	Stops int
}

// Rate is the number of stops per 100 edits of files that are not of authority.
func (r Row) Rate() float64 {
	const hundred = 100
	return hundred * float64(r.Stops) / float64(max(r.Edits-r.Authority, 1))
}

// edit makes another text of the lines, or says that there is nothing to edit. It may keep and change the slice.
type edit struct {
	kind string
	// lines says that it moves whole lines. That breaks programs, which nobody does every day.
	lines bool
	make  func(lines []string, chance *rand.Rand) ([]string, bool)
}

// edits are the kinds, in the order of the table.
var edits = []edit{
	{"another number", false, otherNumber},
	{"a comment more", false, addComment},
	{"a setting commented out", true, commentOut},
	{"a setting taken in", true, takeIn},
	{"a line less", true, dropLine},
	{"a line twice", true, twice},
	{"two lines exchanged", true, exchange},
	{"another word", true, otherWord},
}

// Measure makes each kind of edit once in each file, judges it as a change of the root at the given path, and counts.
// The last row is the sum. With the same chance it says the same.
func Measure(root string, files []File, chance *rand.Rand) ([]Row, []Stop) {
	rows := make([]Row, len(edits)+1)
	rows[len(edits)].Kind = "all"
	var stops []Stop
	for i, e := range edits {
		rows[i].Kind = e.kind
		for _, f := range files {
			if e.lines && program(root, f) {
				continue
			}
			lines, ok := e.make(strings.Split(f.Text, "\n"), chance)
			if !ok {
				continue
			}
			rows[i].Edits++
			reason, stopped := judge(root, f, strings.Join(lines, "\n"))
			switch {
			case stopped && reason.Rule == "file.authority":
				rows[i].Authority++
			case stopped:
				rows[i].Stops++
				stops = append(stops, Stop{e.kind, f.Path, reason})
			}
		}
		rows[len(edits)].Edits += rows[i].Edits
		rows[len(edits)].Stops += rows[i].Stops
		rows[len(edits)].Authority += rows[i].Authority
	}
	return rows, stops
}

// program says that a file is one, or is taken for one by its path.
func program(root string, f File) bool {
	switch filekind.Of(root+"/"+f.Path, []byte(f.Text)) {
	case filekind.Shell, filekind.Script, filekind.Go, filekind.SQL, filekind.Makefile:
		return true
	}
	return false
}

// judge says whether a change of one file is stopped, and why first of all.
func judge(root string, f File, after string) (screen.Reason, bool) {
	const mode = 0o644
	report := screen.Judge(screen.Change{Root: root, Files: []screen.File{{
		Path:   f.Path,
		Before: screen.Side{Kind: screen.Regular, Content: []byte(f.Text), Mode: mode},
		After:  screen.Side{Kind: screen.Regular, Content: []byte(after), Mode: mode},
	}}})
	if report.Risk < risk.High {
		return screen.Reason{}, false
	}
	return slices.MaxFunc(report.Reasons, func(a, b screen.Reason) int { return cmp.Compare(a.Risk, b.Risk) }), true
}

// setting is a line that says something, commented one that said so once.
var (
	setting   = regexp.MustCompile(`^\s*[A-Za-z]`)
	commented = regexp.MustCompile(`^#\s?[A-Za-z][\w.-]*\s*[= ]\s*\S+\s*$`)
	number    = regexp.MustCompile(`\b[1-9]\d{0,5}\b`)
	word      = regexp.MustCompile(`\b[a-z]{4,12}\b`)
)

// pick chooses one of the lines that match, and says whether there is one.
func pick(lines []string, like *regexp.Regexp, chance *rand.Rand) (int, bool) {
	var found []int
	for i, l := range lines {
		if like.MatchString(l) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return 0, false
	}
	return found[chance.IntN(len(found))], true
}

func otherNumber(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, number, chance)
	if ok {
		lines[i] = number.ReplaceAllStringFunc(lines[i], func(n string) string {
			value, _ := strconv.Atoi(n) // the pattern bounds it
			return strconv.Itoa(value + 1 + chance.IntN(value))
		})
	}
	return lines, ok
}

func addComment(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, commentLine, chance)
	if ok {
		lines = slices.Insert(lines, i, "# changed for the new machine")
	}
	return lines, ok
}

// commentLine shows that a file has comments of this form; the first line may be one of another meaning.
var commentLine = regexp.MustCompile(`^#\s`)

func commentOut(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, setting, chance)
	if ok {
		lines[i] = "#" + lines[i]
	}
	return lines, ok
}

func takeIn(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, commented, chance)
	if ok {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(lines[i], "#"), " ")
	}
	return lines, ok
}

func dropLine(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, setting, chance)
	if ok {
		lines = slices.Delete(lines, i, i+1)
	}
	return lines, ok
}

func twice(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, setting, chance)
	if ok {
		lines = slices.Insert(lines, i, lines[i])
	}
	return lines, ok
}

func exchange(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, setting, chance)
	j, _ := pick(lines, setting, chance)
	if !ok || lines[i] == lines[j] {
		return lines, false
	}
	lines[i], lines[j] = lines[j], lines[i]
	return lines, true
}

func otherWord(lines []string, chance *rand.Rand) ([]string, bool) {
	i, ok := pick(lines, setting, chance)
	if !ok {
		return lines, false
	}
	at := word.FindAllStringIndex(lines[i], -1)
	if len(at) == 0 {
		return lines, false
	}
	last := at[len(at)-1]
	lines[i] = lines[i][:last[0]] + "renamed" + lines[i][last[1]:]
	return lines, true
}
