package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// usageForArgs makes wrong arguments an error of usage in every command.
func usageForArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError(fmt.Errorf("%w; see `%s --help`", inWords(c, args, err), c.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usageForArgs(sub)
	}
}

// inWords says what the command wants, by its line of usage, and what it was given.
// What that line does not settle is left as it is: a group that was given an unknown
// word, arguments that may be left out, and a command that checks more than their number.
func inWords(c *cobra.Command, args []string, err error) error {
	line, _, _ := strings.Cut(c.Use, " --")
	wants := strings.Fields(line)[1:]
	given, name := "nothing", strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	if len(args) > 0 {
		given = strconv.Quote(strings.Join(args, " "))
	}
	switch {
	case c.HasSubCommands() || strings.ContainsAny(c.Use, "[]") || len(args) == len(wants):
		return err
	case len(wants) == 0:
		return fmt.Errorf("%s takes no argument, was given %s", name, given)
	}
	return fmt.Errorf("%s wants %s, was given %s", name, strings.Join(wants, " and "), given)
}
