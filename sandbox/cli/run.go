package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/homeostat/homeostat/sandbox"
)

// maxInput bounds what is taken from stdin, in bytes.
const maxInput = 256 << 20

type runFlags struct {
	limitFlags
	denyFlags
	view, stdin, sha256, interpreter string
	env, stage                       []string
	writable                         bool
	seed                             uint64
}

func runCommand(o *Options) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run MODULE [flags] -- ARGS",
		Short: "Run one WASI program",
		Long: `Run one WASI program (wasip1) and end with its exit code; 124 when it was killed at
the deadline, 125 when it was refused or ended otherwise, with the reason on stderr.

MODULE is a file, or - for stdin. With --interpreter it is a script inside the view
that the named interpreter runs.`,
		Example: `  homeostat sandbox run check.wasm --view /srv/shop -- etc/app.json
  homeostat sandbox run check.wasm --view /srv/shop --stage etc/app.json=new.json -- etc/app.json
  homeostat sandbox run --interpreter python checks/check.py --view /srv/shop -- etc/app.json
  cat tool.wasm | homeostat sandbox run - --memory 64MiB --timeout 2s --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || cmd.ArgsLenAtDash() == 0 {
				return &Exit{exitUsage, "give the module to run, as a file or - for stdin"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return code(f.run(cmd, o, args)) },
	}
	f.limitFlags.add(cmd, o)
	f.denyFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.view, "view", "", "folder that the program sees as /, read-only")
	flags.StringArrayVar(&f.stage, "stage", nil, "PATH=FILE: show the bytes of FILE at PATH of the view")
	flags.BoolVar(&f.writable, "writable", false, "let the program write everywhere in a copy of its own")
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE in the program's environment, which is empty otherwise")
	flags.StringVar(&f.stdin, "stdin", "", "file that the program reads as stdin, - for this command's own")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the program's random bytes")
	flags.StringVar(&f.sha256, "sha256", "", "hash that the module must have")
	flags.StringVar(&f.interpreter, "interpreter", "", "interpreter of the config that runs MODULE as a script")
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, o *Options, args []string) error {
	limits, err := f.finish(cmd, o)
	if err != nil {
		return err
	}
	p, err := f.program(cmd, o, args)
	if err != nil {
		return err
	}
	v, err := f.candidate()
	if err != nil {
		return err
	}
	s, err := f.open(cmd)
	if err != nil {
		return err
	}
	report, err := s.Run(cmd.Context(), p, limits, v)
	if err != nil {
		return err
	}
	return f.show(cmd, report)
}

// show prints what the guest wrote, or the report, and returns its exit code.
func (f *runFlags) show(cmd *cobra.Command, r sandbox.Report) error {
	if f.json {
		if err := printJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	} else {
		if _, err := io.WriteString(cmd.OutOrStdout(), r.Stdout); err != nil {
			return fmt.Errorf("write the program's output: %w", err)
		}
		if _, err := io.WriteString(cmd.ErrOrStderr(), r.Stderr); err != nil {
			return fmt.Errorf("write the program's output: %w", err)
		}
	}
	message := ""
	if r.Ending != sandbox.Exited {
		message = r.Program + ": " + r.Message
	}
	if r.ExitCode == 0 && r.Ending == sandbox.Exited {
		return nil
	}
	return &Exit{r.ExitCode, message}
}

func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

func (f *runFlags) program(cmd *cobra.Command, o *Options, args []string) (sandbox.Program, error) {
	p := sandbox.Program{Path: args[0], SHA256: f.sha256, Args: args[1:], Seed: f.seed, Env: map[string]string{}}
	for _, kv := range f.env {
		name, value, ok := strings.Cut(kv, "=")
		if !ok {
			return p, &Exit{exitUsage, fmt.Sprintf("--env %s: want NAME=VALUE", kv)}
		}
		p.Env[name] = value
	}
	var err error
	switch {
	case f.interpreter != "":
		in, ok := o.Interpreters[f.interpreter]
		if !ok {
			return p, &sandbox.Refused{Reason: "no interpreter " + f.interpreter + " is configured", Hint: "name its wasm and sha256 under [sandbox.interpreters." + f.interpreter + "]"}
		}
		run := in.Program(f.interpreter, args[0], args[1:]...)
		p.Path, p.SHA256, p.Name, p.Args = run.Path, run.SHA256, run.Name, run.Args
	case args[0] == "-":
		p.Path, p.Name = "", "stdin"
		if p.Module, err = readAll(cmd.InOrStdin()); err != nil {
			return p, err
		}
	}
	switch f.stdin {
	case "":
	case "-":
		p.Stdin, err = readAll(cmd.InOrStdin())
	default:
		if p.Stdin, err = os.ReadFile(f.stdin); err != nil {
			err = &Exit{exitUsage, "--stdin: " + err.Error()}
		}
	}
	return p, err
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read stdin: %w", err)
	}
	if len(data) > maxInput {
		return nil, &sandbox.Refused{Reason: fmt.Sprintf("stdin holds more than %d MiB", maxInput>>20)}
	}
	return data, nil
}

func (f *runFlags) candidate() (sandbox.View, error) {
	v := sandbox.View{Writable: f.writable, Deny: f.globs()}
	if f.view != "" {
		dir, err := filepath.Abs(f.view)
		if err != nil {
			return v, &Exit{exitUsage, "--view: " + err.Error()}
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return v, &sandbox.Refused{Reason: "--view " + f.view + " is no folder", Hint: "give the folder that the program shall see"}
		}
		v.Lower = dir
	}
	for _, s := range f.stage {
		path, file, ok := strings.Cut(s, "=")
		if !ok {
			return v, &Exit{exitUsage, fmt.Sprintf("--stage %s: want PATH=FILE", s)}
		}
		v.Staged = append(v.Staged, sandbox.Staged{Path: path, Source: file})
	}
	return v, nil
}
