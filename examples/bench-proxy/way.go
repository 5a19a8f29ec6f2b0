package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/bench-proxy/load"
)

// way is one way to the target; an empty address means that it has none.
type way struct {
	name      string
	tcp, http string
}

// readyTime bounds the start of a proxy.
const readyTime = 30 * time.Second

// open starts the proxies. The returned function ends them.
func open(ctx context.Context, program, dir string, target *load.Target) (ways []way, end func() error, err error) {
	var running []*exec.Cmd
	end = func() error {
		var problems []error
		for _, c := range running {
			_ = c.Process.Signal(syscall.SIGTERM) // ended already is as good
			problems = append(problems, c.Wait())
		}
		return errors.Join(problems...)
	}
	start := func(address string, args ...string) error {
		c := exec.CommandContext(ctx, args[0], args[1:]...)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			return err
		}
		running = append(running, c)
		return await(ctx, address)
	}
	ways = []way{{direct, target.TCP, target.HTTP}, {name: "homeostat"}}
	for _, kind := range []string{"tcp", "http"} {
		to := map[string]string{"tcp": target.TCP, "http": target.HTTP}[kind]
		address, err := free()
		if err == nil {
			err = start(address, program, "proxy", "--type", kind, "--listen", address, "--target", to, "--max-connections", "4096", "--drain", "10ms")
		}
		if err != nil {
			return ways, end, fmt.Errorf("start homeostat's proxy: %w", err)
		}
		if kind == "tcp" {
			ways[1].tcp = address
		} else {
			ways[1].http = address
		}
	}
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx"
		if _, err := os.Stat(nginx); err != nil {
			return ways, end, nil
		}
	}
	address, err := free()
	if err != nil {
		return ways, end, err
	}
	config := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxForm, dir, address, target.HTTP), 0o600); err != nil {
		return ways, end, err
	}
	if err := start(address, nginx, "-c", config, "-p", dir, "-e", "stderr"); err != nil {
		return ways, end, fmt.Errorf("start nginx: %w", err)
	}
	return append(ways, way{name: "nginx", http: address}), end, nil
}

// nginxForm is what an administrator would write for the same task: folder,
// listen, target.
const nginxForm = `daemon off;
worker_processes auto;
pid %[1]s/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  keepalive_requests 10000000;
  upstream target { server %[3]s; keepalive 64; keepalive_requests 10000000; }
  server {
    listen %[2]s;
    location / { proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`

func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// await waits until somebody listens.
func await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
