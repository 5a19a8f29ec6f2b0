// Package view shows a guest a candidate: the live root as it would look with a
// change applied, without copying the root and without ever writing to it.
//
// It owns the merge of three layers: the live root (read-only, opened beneath one
// declared folder), the staged bytes of a change (pinned by SHA-256) and what the
// guest itself writes (in memory, within quotas). It does not own how a guest is
// run, and it knows nothing of changes beyond paths and bytes.
//
// An FS and its files belong to one guest and are used by one goroutine at a
// time, which is how WASI programs call them. A View is plain data.
package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// View says what a guest sees at "/". The zero View is an empty read-only tree
// with only the scratch folder.
type View struct {
	// Lower is the absolute path of the live root on the host. Empty means that
	// there is no lower layer.
	Lower string `json:"lower,omitempty"`
	// Deny lists globs of paths, relative to the view, that the guest must not
	// see ("secrets/**"). A denied path looks absent, and asking for it is
	// recorded.
	Deny []string `json:"deny,omitempty"`
	// Staged holds the edits of the change, in any order.
	Staged []Staged `json:"staged,omitempty"`
	// Writable lets the guest write everywhere in its own copy. Otherwise only
	// the scratch folder takes writes. The live root is never written.
	Writable bool `json:"writable,omitempty"`
}

// Kind is what a staged entry puts at its path.
type Kind string

// The kinds of staged entries.
const (
	File    Kind = "file"    // a regular file with the bytes of Data or Source
	Folder  Kind = "folder"  // a folder; what the live root has there stays visible
	Symlink Kind = "symlink" // a symbolic link to Target
	Deleted Kind = "deleted" // nothing: hides what the live root has there
)

// Staged is one edit: what the candidate has at Path.
type Staged struct {
	// Path is relative to the root, with slashes, without "..".
	Path string `json:"path"`
	// Kind defaults to File.
	Kind Kind `json:"kind,omitempty"`
	// Mode holds the permission bits; 0 means 0644 for files and 0755 for folders.
	Mode fs.FileMode `json:"mode,omitempty"`
	// Data holds the bytes of a file, unless Source names them.
	Data []byte `json:"-"`
	// Source is the host path of the staged bytes.
	Source string `json:"-"`
	// SHA256 pins the bytes, in hex. Load refuses bytes that differ, so what a
	// check saw is what will be applied. Empty leaves the bytes unpinned.
	SHA256 string `json:"sha256,omitempty"`
	// Target is where a symlink points.
	Target string `json:"target,omitempty"`
}

// MaxStaged is the most that all staged bytes of one view may hold, in bytes.
const MaxStaged = 512 << 20

// Current returns the view of the tree as it is now: the same root and deny
// list without the staged edits. The differential rule runs checks on both.
func (v View) Current() View {
	v.Staged = nil
	return v
}

// Load returns the view with the bytes of every staged file in Data, each read
// once and compared with its SHA256. It reports the first path that is malformed,
// unreadable or not what was pinned.
func (v View) Load() (View, error) {
	if v.Lower != "" && !filepath.IsAbs(v.Lower) {
		return v, fmt.Errorf("view of %q: the root must be an absolute path", v.Lower)
	}
	if err := checkGlobs(v.Deny); err != nil {
		return v, err
	}
	loaded := make([]Staged, len(v.Staged))
	var total int64
	for i, s := range v.Staged {
		one, err := s.load()
		if err != nil {
			return v, fmt.Errorf("staged %q: %w", s.Path, err)
		}
		if total += int64(len(one.Data)); total > MaxStaged {
			return v, fmt.Errorf("staged %q: all staged bytes together exceed %d MiB", s.Path, MaxStaged>>20)
		}
		loaded[i] = one
	}
	v.Staged = loaded
	return v, nil
}

func (s Staged) load() (Staged, error) {
	if !fs.ValidPath(s.Path) || s.Path == "." || strings.ContainsRune(s.Path, 0) {
		return s, fmt.Errorf("the path must be relative to the root, clean and without %q", "..")
	}
	switch s.Kind {
	case Folder, Deleted:
		return s, nil
	case Symlink:
		if s.Target == "" {
			return s, fmt.Errorf("a symlink needs a target")
		}
		return s, nil
	case File, "":
		s.Kind = File
		return s.loadFile()
	}
	return s, fmt.Errorf("unknown kind %q, want file, folder, symlink or deleted", s.Kind)
}

func (s Staged) loadFile() (Staged, error) {
	if s.Data == nil && s.Source != "" {
		data, err := readBounded(s.Source)
		if err != nil {
			return s, err
		}
		s.Data = data
	}
	got := Sum(s.Data)
	if s.SHA256 != "" && !strings.EqualFold(s.SHA256, got) {
		return s, fmt.Errorf("sha256 want %s, got %s: the staged bytes changed after they were pinned", s.SHA256, got)
	}
	s.SHA256 = got
	return s, nil
}

func readBounded(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() > MaxStaged {
		return nil, fmt.Errorf("%s holds %d bytes, more than %d MiB", name, info.Size(), MaxStaged>>20)
	}
	return os.ReadFile(name)
}

// Sum returns the SHA-256 of data in hex.
func Sum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// parents yields every folder above p, outermost first, without "." itself.
func parents(p string) []string {
	var up []string
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		up = append([]string{dir}, up...)
	}
	return up
}
