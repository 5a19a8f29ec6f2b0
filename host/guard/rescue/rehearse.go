package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/homeostat/homeostat/host/change/txn"
)

// Applier is Files that can also apply.
type Applier interface {
	Files
	Apply(ctx context.Context, c txn.Change) (txn.Result, error)
}

// Rehearse proves that this program can undo a change of its own files: it applies one in a folder of its own below dir,
// leaves it unconfirmed, and undoes it from the journal. files makes the Applier for a folder of journals.
func Rehearse(ctx context.Context, dir string, files func(journals string) Applier) error {
	dir, err := os.MkdirTemp(dir, "homeostat-rehearsal-")
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	defer os.RemoveAll(dir)
	state, program := filepath.Join(dir, "state"), filepath.Join(dir, "bin", "program")
	err = errors.Join(os.MkdirAll(Journals(state), 0o700), os.Mkdir(filepath.Dir(program), 0o755), os.WriteFile(program, []byte("old"), 0o755)) //nolint:gosec // a program
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	applier := files(Journals(state))
	_, err = applier.Apply(ctx, txn.Change{
		ID: "rehearsal", Root: filepath.Dir(program), Label: txn.LabelSelf,
		Ops: []txn.Op{{Kind: txn.Write, Path: filepath.Base(program), Data: []byte("new")}},
	})
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	if got, err := os.ReadFile(program); err != nil || string(got) != "new" {
		return fmt.Errorf("rehearse: a change was not applied: got %q, %w", got, err)
	}
	notes, err := Rescue{State: state, Files: applier}.Undo(ctx, "it was only a rehearsal")
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	if got, err := os.ReadFile(program); err != nil || string(got) != "old" || len(notes) != 1 {
		return fmt.Errorf("rehearse: a change was not undone: got %q, %d notes, %w", got, len(notes), err)
	}
	return nil
}
