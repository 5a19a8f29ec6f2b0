package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/homeostat/homeostat/host/screen/ordinary"
)

// maxFile bounds the files that are edited, in bytes.
const maxFile = 256 << 10

// everyday prints how often ordinary edits of the text files in a folder are stopped. It reads only.
func everyday(w io.Writer, dir string, reasons io.Writer) error {
	root, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	files, err := texts(root)
	if err != nil {
		return err
	}
	rows, stops := ordinary.Measure(root, files, rand.New(rand.NewPCG(1, 1)))
	fmt.Fprintf(w, "ordinary edits of the %d text files in %s\n%-24s %7s %10s %6s %10s\n", len(files), root, "kind", "edits", "authority", "stops", "stops/100")
	for _, r := range rows {
		fmt.Fprintf(w, "%-24s %7d %10d %6d %10.2f\n", r.Kind, r.Edits, r.Authority, r.Stops, r.Rate())
	}
	fmt.Fprintln(w, "authority: files that decide who may log in or what is loaded; every edit of them asks a person, and they do not count")
	for _, s := range stops {
		fmt.Fprintf(reasons, "%s: %s:%d %s: %s\n", s.Kind, s.Path, s.Reason.Line, s.Reason.Rule, s.Reason.Text)
	}
	return nil
}

func texts(root string) ([]ordinary.File, error) {
	var files []ordinary.File
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if os.IsPermission(err) {
			return nil // what this user may not read is not measured
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Size() > maxFile {
			return err
		}
		data, err := os.ReadFile(path)
		if os.IsPermission(err) {
			return nil
		}
		if err == nil && len(data) > 0 && utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 {
			rel, _ := filepath.Rel(root, path) // both are absolute
			files = append(files, ordinary.File{Path: rel, Text: string(data)})
		}
		return err
	})
	return files, err
}
