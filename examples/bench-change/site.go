package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/examples/harness/daemon"
)

// site is what the ways change: three folders of the same three files.
type site struct {
	bin, dir string
	check    string // the compiled check
	sum      string
	daemon   *daemon.Daemon
}

var files = []string{"web.json", "store.json", "limits.json"}

func (s *site) at(parts ...string) string { return filepath.Join(append([]string{s.dir}, parts...)...) }

// prepare makes the folders and builds the check of examples/check-go from its source.
func (s *site) prepare(ctx context.Context) error {
	for _, folder := range []string{"plain", "checked", "ansible"} {
		if err := s.write(folder, 0); err != nil {
			return err
		}
	}
	s.check = s.at("json.wasm")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", s.check, "github.com/homeostat/homeostat/examples/check-go")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the check: %w\n%s", err, said)
	}
	module, err := os.ReadFile(s.check)
	if err != nil {
		return err
	}
	s.sum = fmt.Sprintf("%x", sha256.Sum256(module))
	return s.playbook()
}

// write puts three files with the content of round n into a folder.
func (s *site) write(folder string, n int) error {
	if err := os.MkdirAll(s.at(folder), 0o755); err != nil {
		return err
	}
	for i, name := range files {
		content := fmt.Sprintf("{\"round\": %d, \"file\": %d}\n", n, i)
		if err := os.WriteFile(s.at(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// configuration declares two roots that nobody has to watch, and limits that a benchmark does not reach.
func (s *site) configuration() string {
	return fmt.Sprintf(`
[safety.rate]
max = 10000
per_author = 10000
per_component = 10000

[safety.health]
min_score = 0
cpu_max = "100%%"
memory_min_available = "1%%"
disk_max = "100%%"

[safety.screen]
max_changes = 10000

[[root]]
name = "plain"
path = %q
confirm = "none"

[[root]]
name = "checked"
path = %q
confirm = "none"
checks = [{ module = %q, sha256 = %q }]
`, s.at("plain"), s.at("checked"), s.check, s.sum)
}

func (s *site) plain(ctx context.Context, n int) error   { return s.submit(ctx, "plain", n) }
func (s *site) checked(ctx context.Context, n int) error { return s.submit(ctx, "checked", n) }

// submit changes the three files of a root and looks whether they are changed.
func (s *site) submit(ctx context.Context, root string, n int) error {
	folder := "candidate-" + root
	if err := s.write(folder, n+1); err != nil {
		return err
	}
	if _, err := s.daemon.Command(ctx, "change", "submit", s.at(folder), "--root", root); err != nil {
		return err
	}
	return s.applied(root, n+1)
}

func (s *site) applied(folder string, n int) error {
	data, err := os.ReadFile(s.at(folder, files[0]))
	if err == nil && !strings.Contains(string(data), fmt.Sprintf(`"round": %d,`, n)) {
		err = fmt.Errorf("%s is not changed: %s", folder, data)
	}
	return err
}

// playbook writes the same change for ansible: each file checked by a parser before it is put in place, the old one kept.
func (s *site) playbook() error {
	var b strings.Builder
	b.WriteString("- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n")
	for _, name := range files {
		fmt.Fprintf(&b, "    - copy: { src: %q, dest: %q, backup: true, validate: \"python3 -m json.tool %%s\" }\n",
			s.at("candidate-ansible", name), s.at("ansible", name))
	}
	return os.WriteFile(s.at("play.yml"), []byte(b.String()), 0o644)
}

func (s *site) ansible(ctx context.Context, n int) error {
	if err := s.write("candidate-ansible", n+1); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "ansible-playbook", "-i", "localhost,", s.at("play.yml"))
	cmd.Env = append(os.Environ(), "ANSIBLE_LOCAL_TEMP="+s.at("tmp"), "ANSIBLE_REMOTE_TEMP="+s.at("tmp"), "ANSIBLE_RETRY_FILES_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return s.applied("ansible", n+1)
}
