package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/homeostat/homeostat/sandbox"
	"github.com/homeostat/homeostat/sandbox/view"
)

// changeFile is the optional description of a change folder.
const changeFile = "change.toml"

// description is change.toml. Author and reason are for the pipeline; here they are
// only known.
type description struct {
	Root    string            `toml:"root"`
	Author  string            `toml:"author"`
	Reason  string            `toml:"reason"`
	Delete  []string          `toml:"delete"`
	Mode    map[string]string `toml:"mode"`
	Symlink map[string]string `toml:"symlink"`
	Base    map[string]string `toml:"base"`
	Folder  []string          `toml:"folder"`
	// Check lists the checks that the change brings; they are no files of the root.
	Check []broughtCheck `toml:"check"`
}

// broughtCheck is a check in the folder of a change.
type broughtCheck struct {
	File   string   `toml:"file"`
	SHA256 string   `toml:"sha256"`
	Args   []string `toml:"args"`
}

// programs are the checks that the change brings.
func (d description) programs(dir string) []sandbox.Program {
	var list []sandbox.Program
	for _, c := range d.Check {
		list = append(list, sandbox.Program{Path: filepath.Join(dir, filepath.FromSlash(c.File)), SHA256: c.SHA256, Args: c.Args})
	}
	return list
}

func readDescription(dir string) (description, error) {
	var d description
	meta, err := toml.DecodeFile(filepath.Join(dir, changeFile), &d)
	if os.IsNotExist(err) {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("%s: %w", filepath.Join(dir, changeFile), err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return d, fmt.Errorf("%s: unknown key %s; known are root, author, reason, delete, folder, mode, symlink, base, check", filepath.Join(dir, changeFile), unknown[0])
	}
	return d, nil
}

// loadFolder turns a change folder into the staged edits of a view over root: the
// files mirror the root, *.diff at the top are patches, change.toml holds the rest.
func loadFolder(dir string, root string, d description) ([]sandbox.Staged, error) {
	edits := map[string]sandbox.Staged{}
	if err := d.checkBases(root); err != nil {
		return nil, err
	}
	if err := mirror(dir, edits); err != nil {
		return nil, err
	}
	for _, c := range d.Check {
		delete(edits, path.Clean(c.File))
	}
	for _, p := range d.Folder {
		edits[p] = sandbox.Staged{Path: p, Kind: view.Folder}
	}
	if err := patchAll(dir, root, edits); err != nil {
		return nil, err
	}
	for _, p := range d.Delete {
		edits[p] = sandbox.Staged{Path: p, Kind: view.Deleted}
	}
	for p, target := range d.Symlink {
		edits[p] = sandbox.Staged{Path: p, Kind: view.Symlink, Target: target}
	}
	for p, text := range d.Mode {
		mode, err := strconv.ParseUint(text, 8, 12)
		if err != nil {
			return nil, fmt.Errorf("%s: mode of %s is %q, want octal such as 0644", changeFile, p, text)
		}
		if err := chmod(edits, root, p, fs.FileMode(mode)); err != nil {
			return nil, err
		}
	}
	out := make([]sandbox.Staged, 0, len(edits))
	for _, e := range edits {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

// checkBases refuses a change whose author saw other files than there are now.
func (d description) checkBases(root string) error {
	for p, want := range d.Base {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p)))
		if err != nil {
			return fmt.Errorf("base of %s: %w", p, err)
		}
		if got := view.Sum(text); !strings.EqualFold(got, want) {
			return fmt.Errorf("base of %s: sha256 want %s, got %s; the file changed since the author saw it", p, want, got)
		}
	}
	return nil
}

func mirror(dir string, edits map[string]sandbox.Staged) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || rel == changeFile || (filepath.Dir(rel) == "." && filepath.Ext(rel) == ".diff") {
			return err
		}
		p := filepath.ToSlash(rel)
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			edits[p] = sandbox.Staged{Path: p, Kind: view.Symlink, Target: target}
			return err
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is neither file, folder nor symlink", name)
		}
		edits[p] = sandbox.Staged{Path: p, Source: name, Mode: info.Mode().Perm()}
		return nil
	})
}

// chmod sets the mode of an edit, or makes an edit of a live file that changes its
// mode alone.
func chmod(edits map[string]sandbox.Staged, root, p string, mode fs.FileMode) error {
	e, ok := edits[p]
	if !ok {
		if !fs.ValidPath(p) {
			return fmt.Errorf("%s: mode of %q: the path must lie inside the root", changeFile, p)
		}
		e = sandbox.Staged{Path: p, Source: filepath.Join(root, filepath.FromSlash(p))}
	}
	e.Mode = mode
	edits[p] = e
	return nil
}
