package candidate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/host/change/txn"
)

// ManifestName is the file of a folder that says more than its files can.
const ManifestName = "change.toml"

// diffSuffix marks the unified diffs at the top of a folder.
const diffSuffix = ".diff"

// maxManifest bounds a manifest.
const maxManifest = 1 << 20

// manifest is change.toml. All paths are relative to the root.
type manifest struct {
	Root   string `toml:"root"`
	Author string `toml:"author"`
	Reason string `toml:"reason"`
	// Delete lists paths to remove, Folder folders to make.
	Delete []string `toml:"delete"`
	Folder []string `toml:"folder"`
	// Mode maps paths to permission bits, Symlink paths to targets, Base paths to what the author saw.
	Mode    map[string]string `toml:"mode"`
	Symlink map[string]string `toml:"symlink"`
	Base    map[string]string `toml:"base"`
	// Check lists the checks that the change brings.
	Check []listed `toml:"check"`
}

// Read reads a folder that mirrors a root: every file in it is written, every link made; change.toml at the top adds
// deletions, modes and bases, and *.diff files at the top are unified diffs. An executable file gets mode 0755 unless
// the manifest says otherwise; the other files keep the mode of what they replace.
func Read(folder fs.FS) (Candidate, error) {
	var c Candidate
	if err := c.readManifest(folder); err != nil {
		return c, err
	}
	size := int64(0)
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." || name == ManifestName || c.brings(name) {
			return err
		}
		if len(c.Edits) > MaxEdits || size > MaxBytes {
			return fmt.Errorf("more than %d paths or %d bytes: split the change", MaxEdits, MaxBytes)
		}
		n, err := c.take(folder, name, d)
		size += n
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read the change: %w", err)
	}
	return c, c.Check()
}

// Single is the candidate that writes one file.
func Single(root, at string, content []byte) Candidate {
	return Candidate{Root: root, Edits: []Edit{{Kind: txn.Write, Path: path.Clean(at), Content: content}}}
}

// take adds what the folder has under name.
func (c *Candidate) take(folder fs.FS, name string, d fs.DirEntry) (int64, error) {
	switch {
	case d.IsDir():
		return 0, c.takeFolder(folder, name)
	case d.Type() == fs.ModeSymlink:
		target, err := fs.ReadLink(folder, name)
		if err != nil {
			return 0, err
		}
		return 0, c.merge(Edit{Kind: txn.Link, Path: name, Target: target})
	case !d.Type().IsRegular():
		return 0, fmt.Errorf("%s is neither a file, a folder nor a symbolic link", name)
	}
	content, err := readBounded(folder, name, MaxBytes)
	if err != nil {
		return 0, err
	}
	if path.Dir(name) == "." && strings.HasSuffix(name, diffSuffix) {
		c.Diffs = append(c.Diffs, string(content))
		return int64(len(content)), nil
	}
	e := Edit{Kind: txn.Write, Path: name, Content: content}
	info, err := d.Info()
	if err == nil && info.Mode()&0o100 != 0 {
		e.Mode = "0755"
	}
	return int64(len(content)), errors.Join(err, c.merge(e))
}

// takeFolder adds a folder that holds nothing; the others come with their files.
func (c *Candidate) takeFolder(folder fs.FS, name string) error {
	entries, err := fs.ReadDir(folder, name)
	if err != nil || len(entries) > 0 {
		return err
	}
	return c.merge(Edit{Kind: txn.Folder, Path: name})
}

func readBounded(folder fs.FS, name string, limit int64) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return content, err
}

func (c *Candidate) readManifest(folder fs.FS) error {
	text, err := readBounded(folder, ManifestName, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", ManifestName, err)
	}
	checks, err := c.parseManifest(text)
	if err != nil {
		return err
	}
	return c.bring(folder, checks)
}

// parseManifest takes in all but the checks, which lie in files of their own.
func (c *Candidate) parseManifest(text []byte) ([]listed, error) {
	var m manifest
	meta, err := toml.Decode(string(text), &m)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ManifestName, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("read %s: unknown key %q: want root, author, reason, delete, folder, mode, symlink, base or check", ManifestName, unknown[0])
	}
	c.Root, c.Author, c.Reason = m.Root, m.Author, m.Reason
	for _, p := range m.Delete {
		c.Edits = append(c.Edits, Edit{Kind: txn.Delete, Path: p})
	}
	for _, p := range m.Folder {
		c.Edits = append(c.Edits, Edit{Kind: txn.Folder, Path: p})
	}
	for _, p := range sorted(m.Symlink) {
		c.Edits = append(c.Edits, Edit{Kind: txn.Link, Path: p, Target: m.Symlink[p]})
	}
	for _, p := range sorted(m.Mode) {
		e := c.at(p)
		if e == nil {
			c.Edits = append(c.Edits, Edit{Kind: txn.Mode, Path: p})
			e = &c.Edits[len(c.Edits)-1]
		}
		e.Mode = m.Mode[p]
	}
	for _, p := range sorted(m.Base) {
		if e := c.at(p); e != nil {
			e.Base = m.Base[p]
			continue
		}
		// A file of the folder takes it over; see merge.
		c.Edits = append(c.Edits, Edit{Kind: onlyBase, Path: p, Base: m.Base[p]})
	}
	return m.Check, nil
}

// onlyBase marks an entry of the manifest that says what the author saw of a file that comes with the folder. One that
// stays until the end is refused as an unknown kind.
const onlyBase txn.Kind = "base"

// merge adds an edit that the folder holds to what the manifest says of its path.
func (c *Candidate) merge(e Edit) error {
	said := c.at(e.Path)
	if said == nil {
		c.Edits = append(c.Edits, e)
		return nil
	}
	if said.Kind != txn.Mode && said.Kind != onlyBase {
		return fmt.Errorf("%s is in the folder, and %s says %s: keep one of them", e.Path, ManifestName, said.Kind)
	}
	if said.Mode != "" {
		e.Mode = said.Mode
	}
	e.Base = said.Base
	*said = e
	return nil
}

func (c *Candidate) at(p string) *Edit {
	i := slices.IndexFunc(c.Edits, func(e Edit) bool { return e.Path == p })
	if i < 0 {
		return nil
	}
	return &c.Edits[i]
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
