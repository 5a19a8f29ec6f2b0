package sandbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sandbox/view"
)

// maxModule bounds a module, in bytes.
const maxModule = 256 << 20

// Epoch is when a guest's clock starts unless its Program says otherwise: a fixed
// moment, so that the same input gives the same output.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Program is what to run and with what.
type Program struct {
	// Path is the file of the module, unless Module holds its bytes.
	Path   string
	Module []byte
	// Name is argv[0] and the name in reports; default the base name of Path.
	Name string
	// SHA256 pins the module, in hex; another one is refused. Empty: not pinned.
	SHA256 string
	// Args is argv without the program's name. Checks get the changed paths.
	Args []string
	// Env is the whole environment of the guest. Nothing of the host's leaks in.
	Env map[string]string
	// Stdin is what the guest reads there.
	Stdin []byte
	// Seed decides the guest's random bytes.
	Seed uint64
	// Clock is where the guest's clock starts; default Epoch.
	Clock time.Time
}

// Interpreter is a WASM interpreter that the user configured, pinned by its hash.
type Interpreter struct {
	WASM   string // path on the host
	SHA256 string
}

// Program returns the program that runs script, a path of the view, with args. The
// name of the interpreter becomes argv[0].
func (i Interpreter) Program(name, script string, args ...string) Program {
	at := path.Join("/", filepath.ToSlash(script))
	return Program{Path: i.WASM, SHA256: i.SHA256, Name: name, Args: append([]string{at}, args...)}
}

func (p Program) name() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Path != "":
		return filepath.Base(p.Path)
	}
	return "module.wasm"
}

func (p Program) clock() time.Time {
	if p.Clock.IsZero() {
		return Epoch
	}
	return p.Clock
}

// environment returns Env sorted: a map's order must not reach the guest.
func (p Program) environment() []string {
	env := make([]string, 0, len(p.Env))
	for name, value := range p.Env {
		env = append(env, name+"="+value)
	}
	sort.Strings(env)
	return env
}

// load reads the module once, checks its header and its pin, and returns the very
// bytes that will run.
func (p Program) load() (module []byte, sum string, err error) {
	if module, err = p.read(); err != nil {
		return nil, "", err
	}
	if err := p.checkEnv(); err != nil {
		return nil, "", err
	}
	if err := inspect(p.name(), module); err != nil {
		return nil, "", err
	}
	sum = view.Sum(module)
	if p.SHA256 != "" && !strings.EqualFold(p.SHA256, sum) {
		return nil, "", refuse(fmt.Sprintf("%s: sha256 want %s, got %s", p.name(), p.SHA256, sum),
			"the module is not the one that was pinned; pin the new hash if you trust it")
	}
	return module, sum, nil
}

func (p Program) read() ([]byte, error) {
	if p.Module != nil || p.Path == "" {
		return p.Module, nil
	}
	info, err := os.Stat(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse("no such module: "+p.Path, "give the path of a .wasm file")
	case err != nil:
		return nil, refuse(err.Error(), "the module must be readable")
	case info.IsDir():
		return nil, refuse(p.Path+" is a folder", "give the path of a .wasm file")
	case info.Size() > maxModule:
		return nil, refuse(fmt.Sprintf("%s holds %d bytes, more than %d MiB", p.Path, info.Size(), maxModule>>20), "build a smaller module")
	}
	module, err := os.ReadFile(p.Path)
	if err != nil {
		return nil, refuse(err.Error(), "the module must be readable")
	}
	return module, nil
}

func (p Program) checkEnv() error {
	for name, value := range p.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			return refuse(fmt.Sprintf("environment variable %q: malformed", name), "give NAME=VALUE without NUL")
		}
	}
	for _, arg := range p.Args {
		if strings.ContainsRune(arg, 0) {
			return refuse(fmt.Sprintf("argument %q holds NUL", arg), "leave it out")
		}
	}
	return nil
}

// The first 8 bytes of a module: magic and version; components have their own.
var wasmMagic = []byte("\x00asm")

const (
	moduleVersion  = 0x0000_0001
	componentLayer = 0x0001 // the upper half of a component's version field
)

// inspect says in one sentence why bytes are no module that can be run.
func inspect(name string, module []byte) error {
	const hint = "build it with GOOS=wasip1 GOARCH=wasm, or for wasm32-wasip1"
	switch {
	case len(module) == 0:
		return refuse(name+" is empty", "give a WASM module, as a file or on stdin")
	case !bytes.HasPrefix(module, wasmMagic):
		return refuse(name+" is not WASM: it does not begin with \\0asm", hint)
	case len(module) < 8:
		return refuse(name+" is a truncated WASM module", hint)
	}
	version := binary.LittleEndian.Uint32(module[4:])
	switch {
	case version == moduleVersion:
		return nil
	case version>>16 == componentLayer:
		return refuse(name+" is a WASM component (WASI preview 2); the sandbox runs core modules of WASI preview 1", hint)
	}
	return refuse(fmt.Sprintf("%s is WASM of version %#x, the sandbox knows version 1", name, version), hint)
}
