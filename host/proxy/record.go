package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/host/atomicfile"
	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/proxy/circuit"
	"github.com/homeostat/homeostat/host/proxy/control"
)

// record is what the next daemon has to know of a link. The process id is only
// for a proxy that does not answer: one that does is found by its socket.
type record struct {
	Process process.ID    `json:"process"`
	Wanted  circuit.Order `json:"wanted"`
}

// fileName is a link's name in the folder. Names of components hold no
// character that would be escaped, but they come from a file.
func fileName(from, to string) string { return url.PathEscape(from) + "+" + url.PathEscape(to) }

func (s *Set) path(name, ending string) string { return filepath.Join(s.opt.Dir, name+ending) }

// socket is the path of a control socket, below the open folder: the path of a
// unix socket may have 107 bytes, a state folder's many more.
func (s *Set) socket(name string) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s.sock", s.dir.Fd(), name)
}

func (s *Set) load(name string) (record, error) {
	var r record
	data, err := os.ReadFile(s.path(name, ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return record{}, fmt.Errorf("read the record of link %s: %w", name, err)
	}
	return r, nil
}

func (s *Set) save(name string, r record) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = atomicfile.WriteFile(s.path(name, ".json"), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the record of link %s: %w", name, err)
	}
	return nil
}

// forget removes all files of a link.
func (s *Set) forget(name string) {
	for _, ending := range []string{".json", ".sock", ".log"} {
		_ = os.Remove(s.path(name, ending)) // what stays is swept at the next start
	}
}

// sweep ends the proxies of links that an earlier daemon had and the settings
// have no more. The caller holds mu.
func (s *Set) sweep(wanted map[string]Link) {
	keep := map[string]bool{}
	for _, l := range wanted {
		keep[fileName(l.From, l.To)] = true
	}
	for _, k := range s.keepers {
		keep[k.name] = true
	}
	entries, err := os.ReadDir(s.opt.Dir)
	if err != nil {
		s.opt.Log.Warn("the folder of the proxies could not be read, an old proxy may run on", "error", err)
		return
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || keep[name] {
			continue
		}
		s.dismiss(name)
	}
}

// dismiss ends the proxy of a link that is no more, and removes its files.
func (s *Set) dismiss(name string) {
	client := control.NewClient(s.socket(name))
	defer client.Close()
	ctx, cancel := context.WithTimeout(s.ctx, askTime)
	defer cancel()
	_, err := client.Drain(ctx)
	rec, _ := s.load(name) // an unreadable one names no process to end
	if err != nil && rec.Process.Alive() {
		s.opt.Log.Warn("the proxy of a link that is no more does not answer, killing it", "link", name, "pid", rec.Process.PID)
		kill(rec.Process)
	}
	s.forget(name)
}
