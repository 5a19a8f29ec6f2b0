// Package parameters joins declared parameters with the files that hold them: it reads their present values, judges a move
// by what the operator allows, and turns an allowed one into the edits of a change.
//
// It owns no state and writes no file: that is the change pipeline's to do. A Book may be used from several goroutines.
package parameters

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/homeostat/homeostat/host/app/translate"
	"github.com/homeostat/homeostat/host/change/parameter"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

// Files reads the files of declared roots.
type Files interface {
	// Current returns the content of a file below a root. The error of one that is not there matches fs.ErrNotExist.
	Current(root, path string) ([]byte, error)
}

// Book knows what is declared and where it stands.
type Book struct {
	// Files is asked for at each use: the pipeline is opened after healing.
	Files    func() Files
	Settings func() *config.Settings
}

// Present is a declared parameter as it is now.
type Present struct {
	sdk.Parameter
	// File is the file that holds it and Key where in it.
	File, Key string
	// Root is the root of the file, empty where no root holds it.
	Root string
	// Problem says why the value is not known or cannot be moved; then Value is empty. Empty for a good one.
	Problem string
}

// List returns the declared parameters of a component in the order of their declaration.
func (b Book) List(component string) ([]Present, error) {
	places, err := b.places(component)
	if err != nil {
		return nil, err
	}
	texts := b.texts()
	list := make([]Present, len(places))
	for i, p := range places {
		list[i] = Present{Parameter: p.Parameter, File: p.file, Key: p.key, Root: p.root}
		value, err := p.read(texts)
		if err != nil {
			list[i].Problem = err.Error()
			continue
		}
		list[i].Value = value
	}
	return list, nil
}

// Movable returns the parameters of a component whose present value is known, as strategies see them, and the
// combinations of their values that are never applied.
func (b Book) Movable(component string) ([]sdk.Parameter, []sdk.Forbidden) {
	list, err := b.List(component)
	if err != nil {
		return nil, nil
	}
	var movable []sdk.Parameter
	for _, p := range list {
		if p.Problem == "" {
			movable = append(movable, p.Parameter)
		}
	}
	return movable, b.Forbidden(component)
}

// Forbidden returns the combinations of a component's values that are never applied.
func (b Book) Forbidden(component string) []sdk.Forbidden {
	c, _ := b.component(component) // one that is not there forbids nothing
	return translate.Forbidden(c)
}

// place is one declared parameter and where it stands.
type place struct {
	sdk.Parameter
	file, key string
	format    parameter.Format
	root      string
	path      string // below the root
	problem   error  // why it cannot be moved here
}

// places returns all parameters of a component.
func (b Book) places(component string) ([]place, error) {
	c, err := b.component(component)
	if err != nil {
		return nil, err
	}
	list := make([]place, len(c.Parameters))
	for i, p := range translate.Parameters(c) {
		declared := c.Parameters[i]
		list[i] = place{Parameter: p, file: declared.File, key: declared.Key, format: parameter.Format(declared.Format)}
		if !filepath.IsAbs(declared.File) {
			list[i].file = filepath.Join(c.Dir, declared.File)
		}
		b.locate(&list[i])
		if list[i].format == "" && list[i].problem == nil {
			list[i].format, list[i].problem = parameter.FormatOf(list[i].file)
		}
	}
	return list, nil
}

// locate finds the root that holds the file. It must be one that makes the parameter's own component read its files:
// otherwise a new value would have no effect, or one on somebody else.
func (b Book) locate(p *place) {
	for _, r := range b.Settings().Roots {
		rel, err := filepath.Rel(r.Path, p.file)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		p.root, p.path = string(r.Name), filepath.ToSlash(rel)
		if r.Component != p.Component {
			p.problem = fmt.Errorf("%s lies in root %s, which does not belong to %s, so %s would not be told to read it: give %s a root of its own", p.file, r.Name, p.Component, p.Component, p.Component)
		}
		return
	}
	p.problem = fmt.Errorf("%s lies in no declared root, so it is not changed", p.file)
}

func (b Book) component(name string) (config.Component, error) {
	for _, c := range b.Settings().Components {
		if string(c.Name) == name {
			return c, nil
		}
	}
	return config.Component{}, fmt.Errorf("there is no component %q", name)
}

// names joins names for a sentence.
func names(list []place) string {
	all := make([]string, len(list))
	for i, p := range list {
		all[i] = p.Name
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// texts reads each file once.
type texts struct {
	read func(root, path string) ([]byte, error)
	seen map[string]string // by root and path
}

func (b Book) texts() *texts { return &texts{read: b.Files().Current, seen: map[string]string{}} }

func textID(root, path string) string { return root + "\x00" + path }

func (t *texts) of(p place) (string, error) {
	id := textID(p.root, p.path)
	if text, ok := t.seen[id]; ok {
		return text, nil
	}
	content, err := t.read(p.root, p.path)
	if err != nil {
		return "", err
	}
	t.seen[id] = string(content)
	return t.seen[id], nil
}

// read returns the present value of a parameter.
func (p place) read(t *texts) (sdk.Value, error) {
	written, err := p.written(t)
	if err != nil {
		return sdk.Value{}, err
	}
	value, err := p.parse(written)
	if err != nil {
		return sdk.Value{}, fmt.Errorf("%s: %s: %w", p.file, p.key, err)
	}
	return value, nil
}

// written returns the present value as it stands in the file.
func (p place) written(t *texts) (string, error) {
	if p.problem != nil {
		return "", p.problem
	}
	text, err := t.of(p)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", p.file, err)
	}
	written, err := parameter.Value(p.format, text, p.key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.file, err)
	}
	return written, nil
}

// errNothing says that all values are what they are to be.
var errNothing = errors.New("all parameters have these values already")
