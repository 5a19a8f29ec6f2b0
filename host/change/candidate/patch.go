package candidate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/sourcegraph/go-diff/diff"
)

// patch is what one unified diff does to one path.
type patch struct {
	path    string
	creates bool
	deletes bool
	hunks   []*diff.Hunk
}

const nowhere = "/dev/null"

// parsePatches reads a unified diff. Renames, modes and binary files have no place in it: they are said in the manifest.
func parsePatches(text string) ([]patch, error) {
	files, err := diff.ParseMultiFileDiff([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read the diff: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("read the diff: it holds no file; want a unified diff, as of `diff -u` or `git diff`")
	}
	patches := make([]patch, len(files))
	for i, f := range files {
		if patches[i], err = toPatch(f); err != nil {
			return nil, fmt.Errorf("read the diff: %w", err)
		}
	}
	return patches, nil
}

func toPatch(f *diff.FileDiff) (patch, error) {
	for _, line := range f.Extended {
		for _, word := range []string{"rename ", "copy ", "old mode", "GIT binary", "Binary files"} {
			if strings.HasPrefix(line, word) {
				return patch{}, fmt.Errorf("%s: %q cannot be applied: give the file itself, and deletions and modes in %s", f.NewName, line, ManifestName)
			}
		}
	}
	p := patch{creates: f.OrigName == nowhere, deletes: f.NewName == nowhere, hunks: f.Hunks}
	name := f.NewName
	if p.deletes {
		name = f.OrigName
	}
	if len(f.Hunks) == 0 && !p.creates && !p.deletes {
		return p, fmt.Errorf("%s: no hunk", name)
	}
	_, below, ok := strings.Cut(name, "/")
	if !ok || name == nowhere {
		return p, fmt.Errorf("%q: want names with one leading folder, such as a/%s", name, name)
	}
	p.path = below
	return p, nil
}

// apply returns the new content. Every line that the diff names must be where the diff says: a diff that almost fits is
// refused, because nobody has seen its result.
func (p patch) apply(old []byte) ([]byte, error) {
	lines := bytes.SplitAfter(old, []byte("\n"))
	if n := len(lines); len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	var out []byte
	next := 0 // index of the first line that was not copied
	for _, h := range p.hunks {
		begin := int(h.OrigStartLine) - 1
		if h.OrigLines == 0 {
			begin = int(h.OrigStartLine) // it names the line before the gap
		}
		if begin < next || begin > len(lines) {
			return nil, fmt.Errorf("%s: the hunk for line %d does not fit a file of %d lines", p.path, h.OrigStartLine, len(lines))
		}
		out = append(out, bytes.Join(lines[next:begin], nil)...)
		added, used, err := p.hunk(h, lines[begin:])
		if err != nil {
			return nil, err
		}
		out, next = append(out, added...), begin+used
	}
	return append(out, bytes.Join(lines[next:], nil)...), nil
}

// hunk returns the new lines of a hunk and the number of old ones that it stands for.
func (p patch) hunk(h *diff.Hunk, old [][]byte) (added []byte, used int, err error) {
	offset := 0
	for _, line := range bytes.SplitAfter(h.Body, []byte("\n")) {
		offset += len(line)
		if len(line) == 0 {
			continue
		}
		sign, text := line[0], line[1:]
		if sign != '+' {
			want := text
			if h.OrigNoNewlineAt > 0 && offset == int(h.OrigNoNewlineAt) {
				want = bytes.TrimSuffix(text, []byte("\n"))
			}
			if used >= len(old) || !bytes.Equal(old[used], want) {
				return nil, 0, fmt.Errorf("%s: line %d is not what the diff was made from: make the diff again", p.path, int(h.OrigStartLine)+used)
			}
			used++
		}
		if sign != '-' {
			added = append(added, text...)
		}
	}
	return added, used, nil
}
