// Package screen owns the judgement on what a change does: risk, reasons with lines, and whether putting the files back
// undoes it. It looks at the difference: what a file did before is no reason.
//
// It reads nothing but its argument and refuses nothing; the pipeline decides what a risk leads to. Its sub-packages
// know one language each. Functions are pure and may be called from several goroutines.
package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/embed"
	"github.com/homeostat/homeostat/host/screen/golang"
	"github.com/homeostat/homeostat/host/screen/policy"
	"github.com/homeostat/homeostat/host/screen/risk"
	"github.com/homeostat/homeostat/host/screen/script"
	"github.com/homeostat/homeostat/host/screen/secret"
	"github.com/homeostat/homeostat/host/screen/shell"
	"github.com/homeostat/homeostat/host/screen/sql"
)

// Kind is what is, or shall be, at a path.
type Kind string

// The kinds. The zero Kind is Absent.
const (
	Absent  Kind = ""
	Regular Kind = "file"
	Folder  Kind = "folder"
	Symlink Kind = "symlink"
	Other   Kind = "other"
)

// Side is what a path is before or after a change.
type Side struct {
	Kind Kind
	// Content is that of a file; the target of a link.
	Content []byte
	// Mode is the permission bits with those for set-user, set-group and sticky as in stat(2); 0 for not known.
	Mode uint32
}

// File is what a change does at one path, which is relative to its root.
type File struct {
	Path          string
	Before, After Side
}

// Limits are sizes and frequencies that raise the risk to medium. They never refuse. 0 is no limit.
type Limits struct {
	MaxChars, MaxFiles, MaxChanges int
	Window                         time.Duration
}

// Change is what is judged.
type Change struct {
	// Root is the absolute path of the root. With it the kinds of files are known by their whole path; it may be empty.
	Root   string
	Files  []File
	Limits Limits
	// Recent counts the changes of the author within the window, this one among them.
	Recent int
}

// Reason is one thing that makes up the risk.
type Reason struct {
	Path string
	// Line counts from 1 in the new file; 0 stands for the file, or the change, as a whole.
	Line int
	Rule string
	Text string
	Risk risk.Level
}

// Report is the judgement.
type Report struct {
	// Risk is that of the worst reason.
	Risk    risk.Level
	Reasons []Reason
	// Reversible says that putting the files back undoes all that was seen. A change that is not asks a person.
	Reversible bool
}

// maxReasons bounds the reasons of a report; the worst are kept.
const maxReasons = 200

// Judge judges a change.
func Judge(in Change) Report {
	r := Report{Reversible: true}
	for _, f := range in.Files {
		for _, finding := range slices.Concat(metadata(in.Root, f), content(in.Root, f)) {
			r.Reasons = append(r.Reasons, Reason{f.Path, finding.Line, finding.Rule, finding.Text, finding.Level})
			r.Reversible = r.Reversible && !(finding.Lasting && finding.Level >= risk.High)
		}
	}
	r.Reasons = append(r.Reasons, in.amounts()...)
	for _, reason := range r.Reasons {
		r.Risk = max(r.Risk, reason.Risk)
	}
	slices.SortStableFunc(r.Reasons, func(a, b Reason) int { return cmp.Compare(b.Risk, a.Risk) })
	r.Reasons = r.Reasons[:min(len(r.Reasons), maxReasons)]
	return r
}

// amounts applies the limits.
func (c Change) amounts() []Reason {
	chars := 0
	for _, f := range c.Files {
		chars += changedChars(string(f.Before.Content), string(f.After.Content))
	}
	var reasons []Reason
	for _, l := range []struct {
		rule, what string
		max, is    int
	}{
		{"screen.max_chars", "characters changed", c.Limits.MaxChars, chars},
		{"screen.max_files", "files", c.Limits.MaxFiles, len(c.Files)},
		{"screen.max_changes", fmt.Sprintf("changes within %s", c.Limits.Window), c.Limits.MaxChanges, c.Recent},
	} {
		if l.max > 0 && l.is > l.max {
			reasons = append(reasons, Reason{Rule: l.rule, Text: fmt.Sprintf("%d %s, more than %d", l.is, l.what, l.max), Risk: risk.Medium})
		}
	}
	return reasons
}

// changedChars counts the characters of lines that only one side has.
func changedChars(before, after string) int {
	counts := map[string]int{}
	for _, l := range strings.SplitAfter(before, "\n") {
		counts[l]++
	}
	for _, l := range strings.SplitAfter(after, "\n") {
		counts[l]--
	}
	total := 0
	for l, n := range counts {
		total += max(n, -n) * utf8.RuneCountInString(l)
	}
	return total
}

// content judges what a file newly says.
func content(root string, f File) []risk.Finding {
	if f.After.Kind != Regular {
		return nil
	}
	name := strings.TrimSuffix(root, "/") + "/" + f.Path
	var before []risk.Finding
	if f.Before.Kind == Regular {
		before = Text(filekind.Of(name, f.Before.Content), string(f.Before.Content))
	}
	kind := filekind.Of(name, f.After.Content)
	found := risk.New(before, Text(kind, string(f.After.Content)))
	return append(found, policy.Dropped(kind, string(f.Before.Content), string(f.After.Content))...)
}

// Text judges a whole text of a kind.
func Text(kind filekind.Kind, text string) []risk.Finding {
	if binary(text) {
		return []risk.Finding{{Rule: "screen.binary", Text: fmt.Sprintf("%d bytes that are no text", len(text)), Level: risk.Medium}}
	}
	short, found := withoutLongLines(text)
	found = slices.Concat(found, secret.Find(short), policy.Judge(kind, short))
	switch kind {
	case filekind.Shell:
		found = append(found, shell.Judge(text)...)
	case filekind.Go:
		found = append(found, golang.Judge(text)...)
	case filekind.SQL:
		found = append(found, sql.Judge(text)...)
	case filekind.Script:
		found = append(found, script.Judge(text)...)
	default:
		found = append(found, within(kind, text)...)
	}
	return risk.Tidy(found)
}

// maxLine bounds a line that is looked at as one setting, in bytes. Looking at it takes time in proportion, some seconds
// for the largest file that a change may bring, and no person writes such lines.
const maxLine = 64 << 10

// withoutLongLines empties the lines that are too long to be judged, and says so.
func withoutLongLines(text string) (string, []risk.Finding) {
	if len(text) <= maxLine {
		return text, nil
	}
	var found []risk.Finding
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if len(l) > maxLine {
			found = append(found, risk.Finding{Line: i + 1, Rule: "screen.unknown", Text: fmt.Sprintf("a line of %d bytes, too long to be judged", len(l)), Level: risk.High})
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n"), found
}

// within judges the shell programs within another file.
func within(kind filekind.Kind, text string) []risk.Finding {
	programs, err := embed.Programs(kind, text)
	if err != nil {
		return []risk.Finding{{Line: 0, Rule: "screen.unknown", Text: "commands within it are not known: it does not parse", Level: risk.High}}
	}
	var found []risk.Finding
	for _, p := range programs {
		for _, f := range shell.Judge(p.Text) {
			f.Line += p.Line - 1
			found = append(found, f)
		}
	}
	return found
}

// binary says that a text holds what no text does.
func binary(text string) bool {
	return strings.ContainsRune(text[:min(len(text), 8000)], 0) || !utf8.ValidString(text)
}
