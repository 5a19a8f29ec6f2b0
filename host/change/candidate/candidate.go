// Package candidate owns what an author wants changed: its forms on disk (a folder that mirrors a root, a manifest,
// unified diffs) and over HTTP, the checks of its shape, and the resolving against the present files of a root, which
// turns it into operations with a base each, and into what every path was and shall be.
//
// It changes nothing and decides nothing: whether a path may be touched is judged when the operations are prepared.
// Values are plain data; the functions keep no state.
package candidate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/homeostat/homeostat/host/atomicfile/beneath"
	"github.com/homeostat/homeostat/host/change/txn"
)

// Bounds on one candidate.
const (
	// MaxEdits is the most paths that one candidate may touch.
	MaxEdits = 20_000
	// MaxBytes bounds the contents of one candidate together. The program of homeostat has to fit.
	MaxBytes = 48 << 20
	// MaxText bounds the reason and the author's name, in bytes.
	MaxText = 4096
)

// Candidate is what an author wants changed in one root.
type Candidate struct {
	// Root is the name of the root; empty means the only one that there is.
	Root string `json:"root,omitempty"`
	// Author is who wrote it, as the author says. Who submits it is known from elsewhere.
	Author string `json:"author,omitempty"`
	Reason string `json:"reason,omitempty"`
	Edits  []Edit `json:"edits,omitempty"`
	// Diffs are unified diffs with one leading folder in each name (patch -p1).
	Diffs []string `json:"diffs,omitempty"`
	// Checks are run beside those of the root; they are not part of what is asked for.
	Checks []Check `json:"checks,omitempty"`
}

// Edit is what shall become of one path.
type Edit struct {
	// Kind defaults to write.
	Kind txn.Kind `json:"kind,omitempty"`
	// Path is slash-separated and relative to the root.
	Path string `json:"path"`
	// Content is that of a file; the HTTP form has it as text, or as Base64 where it is none.
	Content []byte `json:"-"`
	// Target is where a symbolic link points.
	Target string `json:"target,omitempty"`
	// Mode is the permission bits in octal, such as "0640"; empty keeps what is there.
	Mode string `json:"mode,omitempty"`
	// Base is what the author saw: "absent", or the SHA-256 of the content in hexadecimal. Empty stands for what is there
	// at submission.
	Base string `json:"base,omitempty"`
	// Dress is what a file wears beside its mode; nil keeps what is there.
	Dress *Dress `json:"dress,omitempty"`
}

// Dress is owner, time and attributes of a file or folder, as a backup knows them.
type Dress struct {
	UID    uint32            `json:"uid"`
	GID    uint32            `json:"gid"`
	MTime  int64             `json:"mtime,omitempty"` // nanoseconds since 1970
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
}

// editForm is an Edit in JSON.
type editForm struct {
	plainEdit
	Text   *string `json:"content,omitempty"`
	Base64 string  `json:"content_base64,omitempty"`
}

type plainEdit Edit

// MarshalJSON writes the content as text where it is valid UTF-8, else in Base64.
func (e Edit) MarshalJSON() ([]byte, error) {
	form := editForm{plainEdit: plainEdit(e)}
	switch {
	case e.kind() != txn.Write:
	case utf8.Valid(e.Content):
		text := string(e.Content)
		form.Text = &text
	default:
		form.Base64 = base64.StdEncoding.EncodeToString(e.Content)
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads content or content_base64. Unknown fields are errors.
func (e *Edit) UnmarshalJSON(data []byte) error {
	var form editForm
	if err := strict(data, &form); err != nil {
		return err
	}
	*e = Edit(form.plainEdit)
	if form.Text != nil && form.Base64 != "" {
		return fmt.Errorf("%s: give content or content_base64, not both", e.Path)
	}
	if form.Text != nil {
		e.Content = []byte(*form.Text)
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(form.Base64)
	if err != nil {
		return fmt.Errorf("%s: content_base64: %w", e.Path, err)
	}
	if form.Base64 != "" {
		e.Content = content
	}
	return nil
}

// Parse reads a candidate in its JSON form. Unknown fields are errors.
func Parse(data []byte) (Candidate, error) {
	var c Candidate
	if err := strict(data, &c); err != nil {
		return c, fmt.Errorf("read a change: %w", err)
	}
	return c, c.Check()
}

func strict(data []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func (e Edit) kind() txn.Kind {
	if e.Kind == "" {
		return txn.Write
	}
	return e.Kind
}

var sum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// baseAbsent is the base of a path where the author saw nothing.
const baseAbsent = "absent"

// Check tells everything that is wrong with the shape of the candidate, without looking at any file.
func (c Candidate) Check() error {
	var all []error
	if len(c.Edits) == 0 && len(c.Diffs) == 0 {
		all = append(all, errors.New("the change is empty: give it files, entries in change.toml or a diff"))
	}
	if len(c.Edits) > MaxEdits {
		all = append(all, fmt.Errorf("the change touches %d paths, at most %d are allowed: split it", len(c.Edits), MaxEdits))
	}
	if len(c.Reason) > MaxText || len(c.Author) > MaxText {
		all = append(all, fmt.Errorf("reason or author is longer than %d bytes", MaxText))
	}
	size, err := c.checkChecks()
	if err != nil {
		all = append(all, err)
	}
	for _, e := range c.Edits {
		size += len(e.Content)
		if err := e.check(); err != nil {
			all = append(all, err)
		}
		if len(all) > maxProblems {
			break
		}
	}
	for _, d := range c.Diffs {
		size += len(d)
	}
	if size > MaxBytes {
		all = append(all, fmt.Errorf("the change holds %d bytes, at most %d are allowed: split it", size, MaxBytes))
	}
	return errors.Join(all...)
}

// maxProblems bounds what is said about one candidate.
const maxProblems = 20

func (e Edit) check() error {
	if err := beneath.Check(e.Path); err != nil || e.Path == "." {
		return fmt.Errorf("%q: want a path below the root, relative to it, in its shortest form and without \"..\"", e.Path)
	}
	if !slices.Contains([]txn.Kind{txn.Write, txn.Delete, txn.Link, txn.Mode, txn.Folder}, e.kind()) {
		return fmt.Errorf("%s: kind %q: want write, delete, symlink, mode or folder", e.Path, e.Kind)
	}
	if e.Base != "" && e.Base != baseAbsent && !sum.MatchString(e.Base) {
		return fmt.Errorf("%s: base %q: want \"absent\" or a SHA-256 in hexadecimal", e.Path, e.Base)
	}
	if _, err := e.mode(); err != nil {
		return err
	}
	if (e.kind() == txn.Mode) && e.Mode == "" {
		return fmt.Errorf("%s: kind mode needs a mode, such as \"0640\"", e.Path)
	}
	if (e.kind() == txn.Link) != (e.Target != "") {
		return fmt.Errorf("%s: a symlink needs a target, and nothing else has one", e.Path)
	}
	if e.kind() != txn.Write && len(e.Content) > 0 {
		return fmt.Errorf("%s: only a written file has content", e.Path)
	}
	return nil
}

func (e Edit) mode() (*uint32, error) {
	if e.Mode == "" {
		return nil, nil
	}
	bits, err := strconv.ParseUint(e.Mode, 8, 12)
	if err != nil {
		return nil, fmt.Errorf("%s: mode %q: want permission bits in octal, such as \"0640\"", e.Path, e.Mode)
	}
	mode := uint32(bits)
	return &mode, nil
}

// Key identifies what the candidate asks for, whoever asks, for whatever reason and with whatever checks: the SHA-256, in
// hexadecimal, of root and edits.
func (c Candidate) Key() string {
	c.Author, c.Reason, c.Checks = "", "", nil
	c.Edits = slices.Clone(c.Edits)
	for i := range c.Edits {
		c.Edits[i].Base = ""
	}
	slices.SortFunc(c.Edits, func(a, b Edit) int { return strings.Compare(a.Path, b.Path) })
	data, err := json.Marshal(c)
	if err != nil {
		panic("a candidate is not JSON: " + err.Error())
	}
	return Sum(data)
}

// Sum is the SHA-256 of data in hexadecimal.
func Sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
