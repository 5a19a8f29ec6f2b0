package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/homeostat/homeostat/sandbox/internal/wire"
)

// fileUnderHusk leaves one file in the folder of a compile that has ended: the
// module's native code, under the name that wazero gave to the code of its husk.
// The worker cannot do it, because it may not move files between folders.
func fileUnderHusk(dir string) error {
	code, err := onlyFile(filepath.Join(dir, wire.ModuleFolder))
	if err != nil {
		return fmt.Errorf("find the compiled code: %w", err)
	}
	hollow, err := onlyFile(filepath.Join(dir, wire.HuskFolder))
	if err != nil {
		return fmt.Errorf("find the code of the husk: %w", err)
	}
	place := filepath.Join(dir, filepath.Base(filepath.Dir(hollow)))
	if err := os.Mkdir(place, 0o700); err != nil {
		return fmt.Errorf("file the compiled code: %w", err)
	}
	if err := os.Rename(code, filepath.Join(place, filepath.Base(hollow))); err != nil {
		return fmt.Errorf("file the compiled code: %w", err)
	}
	for _, used := range []string{wire.ModuleFolder, wire.HuskFolder} {
		if err := os.RemoveAll(filepath.Join(dir, used)); err != nil {
			return fmt.Errorf("file the compiled code: %w", err)
		}
	}
	return nil
}

// onlyFile returns the path of the one regular file in the tree dir.
func onlyFile(dir string) (string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = append(found, name)
		}
		return err
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d files in %s, want 1", len(found), dir)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}
