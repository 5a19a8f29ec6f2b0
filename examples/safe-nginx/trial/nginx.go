package trial

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/examples/harness/loopback"
)

// nginx is the server that is changed: its folder is the root, its one file the configuration.
type nginx struct {
	dir     string // the root
	scratch string // what nginx writes
	address string
	other   string // an address where nobody is expected
}

// newNginx writes an nginx that answers with what the upstream says, under version "old".
func newNginx(dir, upstream string) (nginx, error) {
	n := nginx{dir: filepath.Join(dir, "nginx"), scratch: filepath.Join(dir, "run")}
	addresses, err := loopback.Reserve(2)
	if err != nil {
		return n, err
	}
	n.address, n.other = addresses[0], addresses[1]
	for _, d := range []string{n.dir, n.scratch} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return n, err
		}
	}
	return n, os.WriteFile(n.file(), []byte(n.conf("old", n.address, upstream)), 0o644)
}

func (n nginx) file() string { return filepath.Join(n.dir, "nginx.conf") }

// conf is a configuration with a version that clients see.
func (n nginx) conf(version, listen, upstream string) string {
	return fmt.Sprintf(`pid %[1]s/nginx.pid;
worker_processes 2;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen %[2]s;
		location = /version { return 200 "%[3]s"; }
		location / { proxy_pass http://%[4]s; }
	}
}
`, n.scratch, listen, version, upstream)
}

// component is how homeostat is told of it. How busy this host is says nothing here.
func (n nginx) component() string {
	return fmt.Sprintf(`
[safety.health]
cpu_max = "100%%"
memory_min_available = "0%%"
disk_max = "100%%"
[[component]]
name = "nginx"
command = ["nginx", "-p", %q, "-c", %q, "-e", "stderr", "-g", "daemon off;"]
on_exit = "stop"
start_timeout = "10s"
[[component.probe]]
type = "http"
url = "http://%s/"
interval = "1s"
timeout = "2s"
`, n.scratch, n.file(), n.address)
}

// validator judges a candidate as an administrator would.
const validator = `validate = [["nginx", "-t", "-q", "-e", "stderr", "-c", "{view}/nginx.conf"]]` + "\n"

// root is how homeostat is told of the files.
func (n nginx) root(watch time.Duration, native string) string {
	return fmt.Sprintf("[[root]]\nname = \"nginx\"\npath = %q\ncomponent = \"nginx\"\nactivate = \"reload\"\nwatch = %q\n%s", n.dir, watch, native)
}

// get asks nginx from outside.
func (n nginx) get(ctx context.Context, path string) (string, error) {
	const glance = time.Second
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+path, nil)
	if err != nil {
		return "", err
	}
	q.Close = true
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return "", err
	}
	defer func() { _ = a.Body.Close() }() // read to its end
	const most = 1 << 10
	text, err := io.ReadAll(io.LimitReader(a.Body, most))
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("nginx says %s", a.Status)
	}
	return string(text), err
}

// serves waits until nginx runs a version and answers well.
func (n nginx) serves(ctx context.Context, version string) error {
	const patience, pause = 30 * time.Second, 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		got, err := n.get(ctx, "/version")
		if err == nil && got == version {
			if _, err = n.get(ctx, "/"); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for nginx to serve version %s, it serves %q: %w", version, got, err)
		case <-time.After(pause):
		}
	}
}
