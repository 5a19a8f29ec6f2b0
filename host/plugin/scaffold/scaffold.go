// Package scaffold writes the files of a new plugin: a program that builds, a
// test that passes and a page that says what to do next.
//
// It owns the templates and nothing else. It overwrites no file.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/homeostat/homeostat/sdk/wire"
)

// Options say what is written.
type Options struct {
	// Name is the plugin's name: lower-case letters, digits, "-" and "_".
	Name string
	Kind wire.PluginKind
	// Dir is made where it is missing.
	Dir string
	// SDK is the version of the homeostat module that go.mod asks for, for
	// example "v1.2.0". Empty writes no version; "go mod tidy" then finds one.
	SDK string
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

//go:embed templates
var templates embed.FS

// Write writes the files and returns their paths. A go.mod is written only where
// no folder above Dir has one. It stops before the first file that exists.
func Write(o Options) ([]string, error) {
	if !namePattern.MatchString(o.Name) {
		return nil, fmt.Errorf("new plugin %q: want lower-case letters, digits, - and _, at most 63", o.Name)
	}
	if o.Kind != wire.KindDetector && o.Kind != wire.KindStrategy {
		return nil, fmt.Errorf("new plugin %s: kind %q: want detector or strategy", o.Name, o.Kind)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("new plugin %s: %w", o.Name, err)
	}
	files := []string{"main.go", "main_test.go", "README.md"}
	inModule, err := insideModule(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("new plugin %s: %w", o.Name, err)
	}
	if !inModule {
		files = append(files, "go.mod")
	}
	var written []string
	for _, name := range files {
		path := filepath.Join(o.Dir, name)
		if err := writeNew(path, string(o.Kind)+"/"+name, o); err != nil {
			return written, fmt.Errorf("new plugin %s: %w", o.Name, err)
		}
		written = append(written, path)
	}
	return written, nil
}

// writeNew fills the kind's own template, or the one that both kinds share.
func writeNew(path, name string, o Options) error {
	text, err := templates.ReadFile("templates/" + name + ".tmpl")
	if errors.Is(err, fs.ErrNotExist) {
		text, err = templates.ReadFile("templates/" + filepath.Base(name) + ".tmpl")
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = o.filler().WriteString(f, string(text))
	return errors.Join(err, f.Close())
}

// filler replaces the marks of a template. It is no text/template: one call of
// that keeps the linker from leaving out unused methods, 3 MB of the daemon.
func (o Options) filler() *strings.Replacer {
	require := ""
	if o.SDK != "" {
		require = "\nrequire github.com/homeostat/homeostat " + o.SDK + "\n"
	}
	return strings.NewReplacer("<<name>>", o.Name, "<<kind>>", string(o.Kind), "<<require>>", require)
}
func insideModule(dir string) (bool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return true, nil
		}
		if dir == filepath.Dir(dir) {
			return false, nil
		}
		dir = filepath.Dir(dir)
	}
}
