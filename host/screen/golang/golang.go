// Package golang judges Go source by its syntax tree: what it newly imports and calls that reaches beyond the program,
// or drops a guard.
//
// It is pure and may be used from several goroutines.
package golang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/risk"
)

type judged struct {
	text  string
	level risk.Level
}

// imports by path.
var imports = map[string]judged{
	"os/exec": {"can start commands", risk.Medium}, "C": {"calls C", risk.High}, "unsafe": {"leaves the type system", risk.High}, "plugin": {"loads code at run time", risk.High},
	"syscall": {"makes system calls", risk.Medium}, "net": {"opens connections", risk.Low}, "net/http": {"speaks HTTP", risk.Low}, "net/rpc": {"opens connections", risk.Medium}, "net/smtp": {"sends mail", risk.Medium},
	"os/user": {"looks at users", risk.Low}, "golang.org/x/sys/unix": {"makes system calls", risk.Medium}, "reflect": {"looks into types", risk.Low}, "net/http/pprof": {"opens the profiler to clients", risk.Medium},
	"crypto/md5": {"a weak hash", risk.Medium}, "crypto/sha1": {"a weak hash", risk.Medium}, "crypto/des": {"a weak cipher", risk.Medium}, "crypto/rc4": {"a weak cipher", risk.Medium}, "net/http/cgi": {"starts commands for clients", risk.High},
}

// calls by package and function.
var calls = map[string]judged{
	"os.RemoveAll": {"deletes a tree", risk.Medium}, "syscall.Exec": {"becomes another program", risk.High}, "syscall.Kill": {"sends a signal", risk.Medium}, "syscall.Setuid": {"changes who it is", risk.High},
	"syscall.Mount": {"mounts", risk.High}, "syscall.Reboot": {"restarts the host", risk.Critical}, "unix.Reboot": {"restarts the host", risk.Critical}, "syscall.Chroot": {"changes its root", risk.High}, "syscall.Ptrace": {"traces", risk.High},
	"syscall.RawSyscall": {"makes a raw system call", risk.High}, "syscall.Syscall": {"makes a raw system call", risk.High}, "syscall.Mmap": {"maps memory", risk.Medium}, "syscall.PtraceAttach": {"traces", risk.High},
	"plugin.Open": {"loads code", risk.High}, "template.HTML": {"puts text into a page as it is", risk.Medium}, "os.StartProcess": {"starts a command", risk.High}, "net.Dial": {"opens a connection", risk.Medium},
	"ssh.InsecureIgnoreHostKey": {"does not check whom it speaks to", risk.High}, "os.Chmod": {"changes a mode", risk.Low}, "syscall.ForkExec": {"starts a command", risk.High}, "unix.Exec": {"becomes another program", risk.High},
	"md5.Sum": {"a weak hash", risk.Medium}, "md5.New": {"a weak hash", risk.Medium}, "sha1.New": {"a weak hash", risk.Medium}, "sha1.Sum": {"a weak hash", risk.Medium}, "des.NewCipher": {"a weak cipher", risk.Medium}, "rc4.NewCipher": {"a weak cipher", risk.Medium},
}

// Judge returns what the file does that a person might want to know of, by line. A text that is no file is tried as
// declarations, then as statements.
func Judge(source string) []risk.Finding {
	if !filekind.Bounded(filekind.Go, source) {
		return []risk.Finding{{Rule: "go.unknown", Text: "a file too large to be judged", Level: risk.High}}
	}
	for _, frame := range []struct {
		before, after string
	}{{"", ""}, {"package p\n", ""}, {"package p\nfunc f() {\n", "\n}"}} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "", frame.before+source+frame.after, parser.SkipObjectResolution|parser.ParseComments)
		if err == nil {
			j := &judge{fset: fset, less: strings.Count(frame.before, "\n")}
			j.file(file)
			return risk.Tidy(j.found)
		}
	}
	return []risk.Finding{{Rule: "go.unknown", Text: "Go that does not parse", Level: risk.High}}
}

type judge struct {
	fset  *token.FileSet
	less  int // lines put in front
	found []risk.Finding
}

func (j *judge) add(n token.Pos, rule string, what judged) {
	j.found = append(j.found, risk.Finding{Line: j.fset.Position(n).Line - j.less, Rule: rule, Text: risk.Excerpt(what.text), Level: what.level})
}

func (j *judge) file(f *ast.File) {
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if what, ok := imports[path]; ok {
			what.text = "imports " + path + ", which " + what.text
			j.add(i.Pos(), "go.import", what)
		}
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			j.directive(c)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				j.add(n.Pos(), "go.init", judged{"runs at start: func init", risk.Low})
			}
		case *ast.CallExpr:
			j.call(n)
		case *ast.KeyValueExpr:
			j.field(n.Key, n.Value)
		case *ast.AssignStmt:
			for i := range min(len(n.Lhs), len(n.Rhs)) {
				j.field(n.Lhs[i], n.Rhs[i])
			}
		case *ast.SelectorExpr:
			if name(n) == "unsafe.Pointer" {
				j.add(n.Pos(), "go.call", judged{"leaves the type system: unsafe.Pointer", risk.High})
			}
		}
		return true
	})
}

// directive judges comments to the tools.
func (j *judge) directive(c *ast.Comment) {
	switch {
	case strings.HasPrefix(c.Text, "//go:linkname"), strings.HasPrefix(c.Text, "//go:cgo_"):
		j.add(c.Pos(), "go.directive", judged{"reaches into other packages: " + c.Text, risk.High})
	case strings.HasPrefix(c.Text, "//go:generate"):
		j.add(c.Pos(), "go.directive", judged{"runs at go generate: " + c.Text, risk.Medium})
	}
}

// name is pkg.Name of a selector, or the name alone.
func name(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
		return e.Sel.Name
	}
	return ""
}

// field judges settings that drop a guard.
func (j *judge) field(key, value ast.Expr) {
	full := name(key)
	switch full[strings.LastIndexByte(full, '.')+1:] {
	case "InsecureSkipVerify":
		if name(value) != "false" {
			j.add(key.Pos(), "go.trust", judged{"does not check whom it speaks to: InsecureSkipVerify", risk.High})
		}
	case "HostKeyCallback":
		if call, ok := value.(*ast.CallExpr); ok && strings.HasSuffix(name(call.Fun), "InsecureIgnoreHostKey") {
			j.add(key.Pos(), "go.trust", judged{"does not check whom it speaks to: HostKeyCallback", risk.High})
		}
	case "MinVersion":
		if v := name(value); strings.HasSuffix(v, "VersionSSL30") || strings.HasSuffix(v, "VersionTLS10") || strings.HasSuffix(v, "VersionTLS11") {
			j.add(key.Pos(), "go.trust", judged{"allows an old TLS: " + v, risk.High})
		}
	}
}

func (j *judge) call(c *ast.CallExpr) {
	full := name(c.Fun)
	if what, ok := calls[full]; ok {
		if full == "os.RemoveAll" && len(c.Args) == 1 && wide(c.Args[0]) {
			what = judged{"deletes a folder that the system needs", risk.Critical}
		}
		what.text += ": " + full
		j.add(c.Pos(), "go.call", what)
	}
	switch {
	case full == "exec.Command" || full == "exec.CommandContext":
		j.command(c)
	case (full == "os.WriteFile" || full == "os.Chmod" || full == "os.OpenFile") && len(c.Args) > 1:
		j.write(c, full)
	case (full == "os.ReadFile" || full == "os.Open") && len(c.Args) == 1:
		if path, ok := literal(c.Args[0]); ok && (strings.HasPrefix(path, "/etc/shadow") || strings.Contains(path, "/.ssh/") || strings.HasPrefix(path, "/proc/self/mem")) {
			j.add(c.Pos(), "go.secret", judged{"reads a secret: " + path, risk.High})
		}
	case strings.HasSuffix(full, ".Exec") || strings.HasSuffix(full, ".Query") || strings.HasSuffix(full, ".QueryRow"):
		j.query(c)
	}
}

// write judges the mode and the path of a file that is written.
func (j *judge) write(c *ast.CallExpr, full string) {
	if mode, ok := literal(c.Args[len(c.Args)-1]); ok && loose(mode) {
		j.add(c.Pos(), "go.rights", judged{"a file that everybody writes or that takes its owner's rights: " + full + " " + mode, risk.High})
	}
	if path, ok := literal(c.Args[0]); ok && (strings.HasPrefix(path, "/etc/") || strings.HasPrefix(path, "/root/") || strings.HasPrefix(path, "/dev/")) {
		j.add(c.Pos(), "go.write", judged{"writes into the system: " + path, risk.High})
	}
}

// command judges what is started: a shell, or a name that is not written there.
func (j *judge) command(c *ast.CallExpr) {
	first := 0
	if name(c.Fun) == "exec.CommandContext" {
		first = 1
	}
	if len(c.Args) <= first {
		return
	}
	path, known := literal(c.Args[first])
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case !known:
		j.add(c.Pos(), "go.unknown", judged{"starts a command that is not known", risk.High})
	case base == "sh" || base == "bash" || base == "zsh" || base == "dash" || base == "nc" || base == "python3" || base == "perl" || base == "rm" || base == "curl" || base == "wget" || base == "sudo" || base == "mkfs" || base == "dd":
		j.add(c.Pos(), "go.run", judged{"starts " + path, risk.High})
	default:
		j.add(c.Pos(), "go.run", judged{"starts " + path, risk.Medium})
	}
}

// query judges statements that are glued together.
func (j *judge) query(c *ast.CallExpr) {
	for _, a := range c.Args[:min(2, len(c.Args))] {
		glued := false
		switch a := a.(type) {
		case *ast.BinaryExpr:
			_, left := literal(a.X)
			_, right := literal(a.Y)
			glued = a.Op == token.ADD && !(left && right)
		case *ast.CallExpr:
			glued = name(a.Fun) == "fmt.Sprintf"
		}
		if glued {
			j.add(c.Pos(), "go.sql", judged{"a statement glued together from parts", risk.High})
		}
	}
}

// literal is the value of a constant written in place.
func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	if b.Kind == token.STRING {
		value, err := strconv.Unquote(b.Value)
		return value, err == nil
	}
	return b.Value, true
}

// wide says that a path is one that the system needs.
func wide(e ast.Expr) bool {
	path, ok := literal(e)
	return ok && strings.HasPrefix(path, "/") && strings.Count(strings.TrimRight(path, "/"), "/") < 2 && path != "/tmp"
}

// loose says that a mode lets everybody write, or sets the set-user or set-group bit.
func loose(mode string) bool {
	bits, err := strconv.ParseUint(mode, 0, 32)
	return err == nil && (bits&0o002 != 0 || bits&0o6000 != 0)
}
