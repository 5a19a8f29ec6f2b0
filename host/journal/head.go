package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// headFile is the name of the file that tells how far the journal goes.
const headFile = "head.json"

// Head names one record by its number and hash, and with them everything before it.
type Head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// start is the head of an empty journal.
func start() Head { return Head{Hash: genesis} }

// errNoHead says that the file is not there.
var errNoHead = errors.New("is missing")

// readHead reads the head file. Any byte that the journal would not have written there is an error.
func readHead(dir string) (Head, error) {
	text, err := os.ReadFile(filepath.Join(dir, headFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, errNoHead
	}
	if err != nil {
		return Head{}, err
	}
	var head Head
	if err := json.Unmarshal(text, &head); err != nil || !bytes.Equal(head.text(), text) {
		return Head{}, errors.New("was edited: it is not what the journal writes")
	}
	return head, nil
}

func (h Head) text() []byte {
	return fmt.Appendf(nil, "{\"seq\":%d,\"hash\":%q}\n", h.Seq, h.Hash)
}

func (h Head) save(dir string, ops atomicfile.Ops) error {
	return ops.WriteFile(filepath.Join(dir, headFile), h.text(), 0o600)
}
