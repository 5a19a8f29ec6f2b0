// Command guest attacks through files, environment and descriptors: the argument
// names the attack. It prints ESCAPED and what it got hold of when it succeeds.
package main

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// outside is a folder beside the live root, by its path on the host. Everything that
// an attack tries to change lies in it or in the root: whoever runs this where it is
// not contained loses nothing else. Files of the machine are read at most.
var outside = os.Getenv("OUTSIDE") + "/outside"

var attacks = map[string]func(){
	"symlink": func() {
		for i, target := range []string{outside + "/secret", "../outside/secret", "../../outside/secret", outside} {
			for _, at := range []string{fmt.Sprintf("/out/link%d", i), fmt.Sprintf("/link%d", i)} {
				if os.Symlink(target, at) == nil {
					read(at)
					read(at + "/secret")
					write(at)
					write(at + "/new")
				}
			}
		}
		for i, target := range []string{"/etc/passwd", "../../../../../../../etc/passwd", "/proc/self/environ"} {
			if at := fmt.Sprintf("/out/machine%d", i); os.Symlink(target, at) == nil {
				read(at)
			}
		}
	},
	"hardlink": func() {
		for _, from := range []string{outside + "/secret", "/../outside/secret", "/way-in/secret", "/file.txt"} {
			for _, to := range []string{"/hard", "/out/hard"} {
				if os.Link(from, to) == nil {
					read(to)
					write(to)
				}
			}
		}
	},
	"rename": func() {
		for _, pair := range [][2]string{{"/file.txt", "/../outside/taken"}, {"/way-out", "/out/w"}, {"/file.txt", "/way-in/taken"}, {"/way-in/secret", "/out/secret"}, {"/../outside/secret", "/out/s"}} {
			if os.Rename(pair[0], pair[1]) == nil {
				read(pair[1])
				read("/out/secret")
			}
		}
		os.Rename("/out", "/out2")
		os.Remove("/out")
	},
	"links-read": func() {
		for _, p := range []string{"/way-out", "/way-in/secret", "/way-in/../outside/secret", "/absolute"} {
			read(p)
		}
		fs.WalkDir(os.DirFS("/"), ".", func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				read("/" + p)
			}
			return nil
		})
	},
	"links-write": func() {
		for _, p := range []string{"/way-out", "/way-in/secret", "/way-in/new", "/absolute"} {
			write(p)
			os.Remove(p)
			os.Truncate(p, 0)
			os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0))
		}
	},
	"dotdot": func() {
		for _, p := range []string{"/../outside/secret", "../outside/secret", "/out/../../outside/secret", "//../outside/secret", "/./.././outside/secret", "/dir/../../outside/secret", "..", "/..", "/out/../.."} {
			read(p)
			write(p + "/new")
			if list, err := os.ReadDir(p); err == nil {
				for _, d := range list {
					if d.Name() == "outside" {
						escaped("listed " + p)
					}
				}
			}
		}
	},
	"absolute": func() {
		for _, p := range []string{outside, "/" + outside} {
			read(p + "/secret")
			write(p + "/secret")
			write(p + "/new")
		}
		for _, p := range []string{"/etc/passwd", "//etc/passwd", "/etc/shadow"} {
			read(p)
		}
	},
	"proc": func() {
		for _, p := range []string{"/proc/self/environ", "/proc/1/cmdline", "/proc/self/mem", "/proc/self/fd/3", "/sys/kernel/notes", "/dev/mem", "/dev/kmsg", "/dev/null", "/dev/sda", "/dev/tty", "/dev/stdin", "CON", "NUL", "/pipe"} {
			if f, err := os.Open(p); err == nil {
				f.Close()
				escaped("opened " + p)
			}
		}
	},
	"descriptors": func() {
		var held []*os.File
		for range 100_000 {
			f, err := os.Open("/file.txt")
			if err != nil {
				break
			}
			held = append(held, f)
		}
		fmt.Println("held", len(held))
		if len(held) > 1000 {
			escaped("descriptors without limit")
		}
	},
	"environment": func() {
		for _, kv := range os.Environ() {
			if !strings.HasPrefix(kv, "OUTSIDE=") && !strings.HasPrefix(kv, "PWD=") {
				escaped("environment " + kv)
			}
		}
		if len(os.Args) != 2 {
			escaped(fmt.Sprint("arguments ", os.Args))
		}
	},
	"network": func() {
		for _, address := range []string{"127.0.0.1:22", "127.0.0.1:80", "1.1.1.1:53"} {
			if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
				c.Close()
				escaped("dialled " + address)
			}
		}
		if l, err := net.Listen("unix", "/out/socket"); err == nil {
			l.Close() // Go's wasip1 fakes loopback inside the guest; nothing leaves it
		}
	},
	"spawn": func() {
		for _, name := range []string{"/bin/sh", "/proc/self/exe"} {
			if exec.Command(name, "-c", "id").Run() == nil {
				escaped("started " + name)
			}
		}
		if p, err := os.StartProcess("/bin/sh", []string{"sh"}, &os.ProcAttr{}); err == nil {
			escaped(fmt.Sprint("started ", p.Pid))
		}
		for range 10_000 { // goroutines are all that a guest can spawn
			go func() { select {} }()
		}
	},
	"files": func() {
		made := 0
		for i := range 100_000 {
			if os.WriteFile(fmt.Sprintf("/out/%d", i), nil, 0o600) == nil {
				made++
			}
		}
		fmt.Println("made", made)
		if made > 10_000 {
			escaped("files without limit")
		}
	},
	"disk": func() {
		f, err := os.Create("/out/big")
		if err != nil {
			return
		}
		block := make([]byte, 1<<20)
		written := 0
		for range 4096 {
			n, err := f.Write(block)
			written += n
			if err != nil {
				break
			}
		}
		fmt.Println("wrote", written)
		if written > 1<<30 {
			escaped("disk without limit")
		}
	},
	"remove-all": func() {
		os.RemoveAll("/")
		os.RemoveAll("/dir")
		os.Remove("/file.txt")
	},
}

var found bool

func escaped(what string) {
	found = true
	fmt.Println("ESCAPED:", what)
}

// read looks for what only the outside has.
func read(p string) {
	text, err := os.ReadFile(p)
	if err == nil && (strings.Contains(string(text), "the outside secret") || strings.Contains(string(text), "root:")) {
		escaped("read " + p)
	}
}

// write leaves a mark; the host looks whether it is outside.
func write(p string) { _ = os.WriteFile(p, []byte("guest was here"), 0o600) }

func main() {
	attacks[os.Args[1]]()
	if found {
		os.Exit(3)
	}
}
