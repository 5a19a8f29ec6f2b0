package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/sourcegraph/go-diff/diff"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// devNull is how a unified diff names a file that is not there.
const devNull = "/dev/null"

// patchAll applies every *.diff at the top of dir, in order of name, to the edits so
// far and else to the live files.
func patchAll(dir, root string, edits map[string]sandbox.Staged) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.diff"))
	if err != nil {
		return err
	}
	sort.Strings(names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files, err := diff.ParseMultiFileDiff(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, f := range files {
			if err := patchFile(f, root, edits); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func patchFile(f *diff.FileDiff, root string, edits map[string]sandbox.Staged) error {
	from, to := strip(f.OrigName), strip(f.NewName)
	var old []byte
	if from != devNull {
		if !fs.ValidPath(from) {
			return fmt.Errorf("path %q must lie inside the root", from)
		}
		var err error
		if old, err = current(from, root, edits); err != nil {
			return err
		}
	}
	text, err := apply(old, f.Hunks)
	if err != nil {
		return fmt.Errorf("%s: %w", f.OrigName, err)
	}
	if from != devNull && from != to {
		edits[from] = sandbox.Staged{Path: from, Kind: view.Deleted}
	}
	if to != devNull {
		edits[to] = sandbox.Staged{Path: to, Data: text, Mode: edits[to].Mode}
	}
	return nil
}

// strip takes the first folder off a name, as patch -p1 does.
func strip(name string) string {
	if name == devNull {
		return name
	}
	_, rest, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	return rest
}

func current(p, root string, edits map[string]sandbox.Staged) ([]byte, error) {
	if e, ok := edits[p]; ok && e.Kind != view.Deleted {
		if e.Data != nil {
			return e.Data, nil
		}
		return os.ReadFile(e.Source)
	}
	return os.ReadFile(filepath.Join(root, filepath.FromSlash(p)))
}

// apply puts hunks where they say they belong. A context line that differs is an
// error: a patch that has to be guessed into place was made for another file.
func apply(old []byte, hunks []*diff.Hunk) ([]byte, error) {
	lines := bytes.SplitAfter(old, []byte("\n"))
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	var out []byte
	at := 0
	for _, h := range hunks {
		start := int(h.OrigStartLine) - 1
		if h.OrigLines == 0 {
			start++ // an insertion names the line before it
		}
		if start < at || start > len(lines) {
			return nil, fmt.Errorf("hunk at line %d does not fit %d lines", h.OrigStartLine, len(lines))
		}
		out = append(out, bytes.Join(lines[at:start], nil)...)
		added, used, err := applyHunk(lines[start:], h)
		if err != nil {
			return nil, err
		}
		out, at = append(out, added...), start+used
	}
	return append(out, bytes.Join(lines[at:], nil)...), nil
}

func applyHunk(lines [][]byte, h *diff.Hunk) (out []byte, used int, err error) {
	body := bytes.SplitAfter(h.Body, []byte("\n"))
	for _, line := range body {
		if len(line) == 0 {
			continue
		}
		text := line[1:]
		if line[0] != '+' {
			if used >= len(lines) || !sameLine(lines[used], text) {
				return nil, 0, fmt.Errorf("line %d is not what the patch was made for", int(h.OrigStartLine)+used)
			}
			text = lines[used]
			used++
		}
		switch line[0] {
		case ' ', '+':
			out = append(out, text...)
		case '-':
		default:
			return nil, 0, errors.New("malformed hunk")
		}
	}
	return out, used, nil
}

func sameLine(a, b []byte) bool {
	return bytes.Equal(bytes.TrimSuffix(a, []byte("\n")), bytes.TrimSuffix(b, []byte("\n")))
}
