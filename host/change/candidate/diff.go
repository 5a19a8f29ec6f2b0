package candidate

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"
)

// MaxDiff bounds the text of Diff, in bytes.
const MaxDiff = 256 << 10

// maxCompared bounds a file that is compared line by line.
const maxCompared = 1 << 20

// Diff shows people what the change does, as unified diffs and sentences. It is cut at MaxDiff bytes.
func (r Resolved) Diff() string {
	var out bytes.Buffer
	for _, c := range r.Changes {
		out.WriteString(c.diff())
		if out.Len() > MaxDiff {
			text := out.Bytes()[:MaxDiff]
			return string(bytes.ToValidUTF8(text, nil)) + "\n… cut here\n"
		}
	}
	return out.String()
}

func (c Change) diff() string {
	head := ""
	if c.Before.Kind != c.After.Kind {
		head = fmt.Sprintf("%s: %s becomes %s\n", c.Path, c.Before.Kind, c.After.Kind)
	}
	if c.After.Mode != 0 && c.Before.Mode != c.After.Mode && c.Before.Kind != Absent {
		head += fmt.Sprintf("%s: mode %04o becomes %04o\n", c.Path, c.Before.Mode, c.After.Mode)
	}
	if c.After.Kind == Symlink {
		return head + fmt.Sprintf("%s points to %s\n", c.Path, c.After.Content)
	}
	if bytes.Equal(c.Before.Content, c.After.Content) {
		return head
	}
	if !isText(c.Before.Content) || !isText(c.After.Content) {
		return head + fmt.Sprintf("%s: %d bytes become %d; they are no text, or too many to compare\n", c.Path, len(c.Before.Content), len(c.After.Content))
	}
	return head + string(diff.Diff("a/"+c.Path, c.Before.Content, "b/"+c.Path, c.After.Content))
}

func isText(content []byte) bool {
	return len(content) <= maxCompared && utf8.Valid(content) && bytes.IndexByte(content, 0) < 0
}
