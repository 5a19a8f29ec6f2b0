// Package realservices tries homeostat on services that it was not made for:
// Debian's nginx and redis-server are started by a live daemon in a scratch
// folder, killed, stopped, and given a configuration that does not start.
//
// Here are the two services: their files, how the daemon is told of them and how
// they are asked from outside. The trial itself is the test of this package,
// which needs the build tag "services" and what `make build` made. Values are
// not changed after New and are safe for use by several goroutines.
package realservices

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// glance is how long an answer may take before it counts as none.
const glance = time.Second

// Service is one of the two.
type Service struct {
	// Name is the component's name.
	Name string
	// Component is its table for config.toml.
	Component string
	// File is its own configuration file; Broken is a content that it refuses.
	File, Broken string
	// Address is where it listens.
	Address string
	// Ask asks it once from outside and returns nil when it is well.
	Ask func(context.Context) error
}

// Place says what a service is called, and where it lives: a folder of its name
// below Dir, and an address host:port.
type Place struct{ Name, Dir, Address string }

// Nginx writes the files of an nginx.
func Nginx(at Place) (Service, error) {
	s := Service{Name: at.Name, Address: at.Address, File: filepath.Join(at.Dir, at.Name, "nginx.conf"), Broken: "http { server { listen"}
	folder := filepath.Dir(s.File)
	s.Component = fmt.Sprintf(`
[[component]]
name = %q
command = ["nginx", "-p", %q, "-c", %q, "-e", "stderr", "-g", "daemon off;"]
on_exit = "stop"

[[component.probe]]
type = "http"
url = "http://%s/"
body = "well"
interval = "1s"
`, at.Name, folder, s.File, at.Address)
	s.Ask = func(ctx context.Context) error { return askHTTP(ctx, "http://"+at.Address+"/") }
	return s, s.write(nginxConf(folder, at.Address))
}

// nginxConf keeps everything in folder. The worker runs as the user who runs
// the master, because the scratch folder is that user's alone.
func nginxConf(folder, address string) string {
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
		location / { return 200 "well\n"; }
	}
}
`, folder, address)
}

// Redis writes the files of a redis-server. Its probe is the redis-cli that a
// person would use.
func Redis(at Place) (Service, error) {
	s := Service{Name: at.Name, Address: at.Address, File: filepath.Join(at.Dir, at.Name, "redis.conf"), Broken: "port of call\n"}
	host, port, err := net.SplitHostPort(at.Address)
	if err != nil {
		return s, fmt.Errorf("redis: %w", err)
	}
	s.Component = fmt.Sprintf(`
[[component]]
name = %q
command = ["redis-server", %q]
on_exit = "stop"

[[component.probe]]
type = "exec"
command = ["redis-cli", "-e", "-h", %q, "-p", %q, "ping"]
interval = "1s"
`, at.Name, s.File, host, port)
	s.Ask = func(ctx context.Context) error {
		said, err := Tell(ctx, at.Address, "PING")
		if err == nil && said != "+PONG" {
			err = fmt.Errorf("redis answered %q to PING", said)
		}
		return err
	}
	return s, s.write(fmt.Sprintf("bind %s\nport %s\ndir %q\nappendonly yes\nappendfsync always\nsave \"\"\n",
		host, port, filepath.Dir(s.File)))
}

func (s Service) write(content string) error {
	if err := os.MkdirAll(filepath.Dir(s.File), 0o755); err != nil {
		return fmt.Errorf("write the files of %s: %w", s.Name, err)
	}
	if err := os.WriteFile(s.File, []byte(content), 0o644); err != nil {
		return fmt.Errorf("write the files of %s: %w", s.Name, err)
	}
	return nil
}

// Break replaces the service's configuration by one that it refuses, and
// returns how to put the old one back.
func (s Service) Break() (mend func() error, err error) {
	good, err := os.ReadFile(s.File)
	if err != nil {
		return nil, fmt.Errorf("break %s: %w", s.Name, err)
	}
	return func() error { return s.write(string(good)) }, s.write(s.Broken)
}

func askHTTP(ctx context.Context, url string) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: glance, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(q)
	if err != nil {
		return err
	}
	if err := a.Body.Close(); err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: it said %s", url, a.Status)
	}
	return nil
}

// Tell sends one inline command to a redis-server and returns the first line of
// its answer.
func Tell(ctx context.Context, address, command string) (string, error) {
	c, err := (&net.Dialer{Timeout: glance}).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("tell redis %s: %w", command, err)
	}
	defer func() { _ = c.Close() }() // one answer is all there is
	if err := c.SetDeadline(time.Now().Add(glance)); err != nil {
		return "", fmt.Errorf("tell redis %s: %w", command, err)
	}
	if _, err := fmt.Fprintf(c, "%s\r\n", command); err != nil {
		return "", fmt.Errorf("tell redis %s: %w", command, err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("tell redis %s: %w", command, err)
	}
	return strings.TrimSpace(line), nil
}
