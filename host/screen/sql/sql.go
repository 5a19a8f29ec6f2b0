// Package sql judges SQL statements: what drops or rewrites data as a whole, hands out rights, or leaves the database.
// It reads words and strings, not a grammar, because each database has its own; comments are no hiding place.
//
// It is pure and may be used from several goroutines.
package sql

import (
	"strings"

	"github.com/homeostat/homeostat/host/screen/pattern"
	"github.com/homeostat/homeostat/host/screen/risk"
)

type sign struct {
	pattern *pattern.Pattern
	unless  *pattern.Pattern // nil for never
	rule    string
	text    string
	level   risk.Level
	lasting bool
}

func re(text string) *pattern.Pattern { return pattern.New(`(?is)` + text) }

// signs are matched against statements whose strings are empty and whose blanks are single.
var signs = []sign{
	{re(`^drop (database|schema)\b`), nil, "sql.destroy", "drops a database", risk.Critical, true},
	{re(`\bdrop (table|view|materialized view|tablespace|sequence)\b`), re(`^drop (temporary )?(table|view) (if exists )?(#|tmp_|temp_|staging_)|^drop (materialized )?view`), "sql.destroy", "drops a table", risk.High, true},
	{re(`^truncate\b`), nil, "sql.destroy", "empties a table", risk.High, true},
	{re(`\b(delete from)\b`), re(`\bwhere\b`), "sql.destroy", "deletes all rows", risk.High, true},
	{re(`\bupdate \S+( as \w+| \w+)? set\b`), re(`\bwhere\b|\bon (duplicate|conflict)\b|\bdo update\b|select .* for update`), "sql.destroy", "changes all rows", risk.High, true},
	{re(`\b(delete from|update) .*\bwhere\s*\(?(1\s*=\s*1|true|1|''\s*=\s*''|not false|\w+\s*=\s*\w+ or 1|id is not null|2>1)\)?\s*$`), nil, "sql.destroy", "changes or deletes all rows", risk.High, true},
	{re(`^alter table .* drop (column|primary|partition|constraint)?`), re(`drop (default|not null|constraint|index|key)`), "sql.destroy", "drops a column", risk.High, true},
	{re(`\bgrant (all|super|file|create user|replication|pg_\w+|admin|dba|rds_superuser|execute|sysadmin)\b|\bwith grant option\b|\bto public\b|\bgrant .* \*\.\* to\b`), nil, "sql.rights", "hands out rights", risk.High, false},
	{re(`^(create|alter) (user|role|login)\b.*\b(superuser|createrole|bypassrls|createdb|replication)\b|sp_addsrvrolemember|add member \S+|\balter role \S+ sysadmin`), re(`nosuperuser`), "sql.rights", "makes a user that may do all", risk.High, false},
	{re(`^(create|alter) (user|role|login)\b.*(identified|password)|^set password|^drop user|^alter user sa\b`), nil, "sql.rights", "sets a password or drops a user", risk.High, false},
	{re(`\binto (outfile|dumpfile)\b|\bload_file ?\(|\bload data\b.*\binfile\b|\bcopy \S+( ?\([^)]*\))? (to|from) program\b|\blo_(import|export)\b|pg_read_(binary_)?file|pg_ls_dir|xp_cmdshell|sp_oacreate|\butl_(http|file|smtp)\b|dbms_scheduler|\bsys_exec\b|\bsys_eval\b|openrowset|xp_dirtree|dblink|sp_configure|^\\!|xp_regread|dbms_java|httpuritype|\bcopy .* to '|pg_sleep|bulk insert`), nil, "sql.escape", "leaves the database", risk.High, true},
	{re(`\bcreate (or replace )?function\b.*\blanguage ''?(c|plpythonu|plperlu|plpython3u)\b|\bsoname\b|create extension .*(plpython3?u|plperlu|file_fdw|dblink|adminpack)|^load '|\bas ''(,''|$)|language (plpython3?u|plperlu|c)\b|create assembly`), nil, "sql.escape", "loads code into the database", risk.High, false},
	{re(`\bunion( all)? select\b.*(\bfrom (information_schema|mysql\.user|pg_shadow|pg_authid|sqlite_master|users?|sys\.\w+|all_tables)|null|@@version|\d(, ?\d)+|password|version\(\)|user\(\)|database\(\))`), nil, "sql.inject", "a select glued to another", risk.High, false},
	{re(`(''|\b\w+|\d+|\)) ?(\|\||or|and) ?(''='|''='' ?|1 ?= ?1|2 ?> ?1|true ?--|''like ''|1 like 1)|\bor ''=''|\bor \d+=\d+|\band \d=\d`), nil, "sql.inject", "a condition that always holds", risk.High, false},
	{re(`\b(sleep|benchmark|pg_sleep|waitfor delay|dbms_pipe|dbms_lock|randomblob|extractvalue|updatexml|generate_series\(1,\d{7,}|exp\(~|floor\(rand)\b ?(\(|'')?`), re(`\bsleep\b *(=|from|as)`), "sql.inject", "waits or errs on purpose", risk.High, false},
	{re(`\bselect\b.*\b(authentication_string|passwd|rolpassword|password_hash)\b.*\bfrom (mysql\.user|pg_shadow|pg_authid)|\bfrom (mysql\.user|pg_shadow|pg_authid|sys\.sql_logins|dba_users)\b`), nil, "sql.secret", "reads password hashes", risk.High, false},
	{re(`^set (global|persist) (general_log|log_bin|secure_file_priv|read_only|local_infile|sql_log_bin|slow_query_log_file|general_log_file|validate_password)|^set sql_log_bin ?= ?0|^alter system set|^(purge binary logs|reset master)|row_security ?= ?off|disable (trigger|row level)|^set session_replication_role`), re(`(work_mem|shared_buffers|max_connections|effective_cache_size|log_min_duration|maintenance_work_mem|wal_buffers)`), "sql.hide", "changes what the database guards or records", risk.High, false},
	{re(`^(exec|execute|execute immediate|prepare)\b.*(''|@\w+|\|\||\+|concat)`), re(`^execute \w+( ?\(|$| using)`), "sql.unknown", "runs a statement made at run time", risk.High, false},
	{re(`^(shutdown|kill|flush tables with read lock|lock tables .* write|pg_terminate_backend)\b|\bpg_terminate_backend|\bpg_cancel_backend`), nil, "sql.stop", "stops the database or its clients", risk.Medium, false},
	{re(`^(create|alter|drop) (index|trigger|procedure|function|event|view|table)\b`), nil, "sql.schema", "changes the schema", risk.Low, false},
}

var (
	// A conditional comment of MySQL is run: its text stays.
	conditional = pattern.New(`/\*!\d*(.*?)\*/`)
	blockNote   = pattern.New(`(?s)/\*.*?\*/`)
	lineNote    = pattern.New(`(?m)(--( .*|)$|--\+.*$|#[^\n']*$)`)
	blanks      = pattern.New(`\s+`)
	injectEnd   = pattern.New(`(?i)'\s*(or|and|union|having|;\s*(drop|delete|update|insert|exec|shutdown|select|waitfor))\b.*(--|#|/\*|=\s*'|$)`)
)

// Judge returns what the statements do that a person might want to know of, by line.
func Judge(source string) []risk.Finding {
	var found []risk.Finding
	for _, s := range split(source) {
		text := flat(s.text)
		if text == "" {
			continue
		}
		worst := risk.Finding{}
		for _, sign := range signs {
			if sign.level > worst.Level && sign.pattern.MatchString(text) && (sign.unless == nil || !sign.unless.MatchString(text)) {
				worst = risk.Finding{Line: s.line, Rule: sign.rule, Text: sign.text + ": " + risk.Excerpt(text), Level: sign.level, Lasting: sign.lasting}
			}
		}
		if worst.Level < risk.High && quoteOpen(s.text) && injectEnd.MatchString(s.text) {
			worst = risk.Finding{Line: s.line, Rule: "sql.inject", Text: "a string that ends early: " + risk.Excerpt(text), Level: risk.High}
		}
		if worst.Level > risk.None {
			found = append(found, worst)
		}
	}
	return risk.Tidy(found)
}

// quoteOpen says that the quotes of a statement do not pair, or that it has a comment behind a quote.
func quoteOpen(text string) bool {
	return strings.Count(text, "'")%2 == 1 || strings.Contains(text, "--") || strings.Contains(text, "#") || strings.HasPrefix(strings.TrimSpace(text), "'")
}

// flat is a statement in one line, in small letters, with empty strings and without comments.
func flat(text string) string {
	text = conditional.ReplaceAllString(text, " $1 ")
	text = blockNote.ReplaceAllString(text, " ")
	text = quoted.ReplaceAllString(text, "''")
	text = lineNote.ReplaceAllString(text, " ")
	return strings.ToLower(strings.TrimSpace(blanks.ReplaceAllString(text, " ")))
}

var quoted = pattern.New(`'([^'\\]|\\.|'')*'`)

type statement struct {
	line int
	text string
}

// split cuts at semicolons outside of strings and comments.
func split(source string) []statement {
	var out []statement
	line, start, begun := 1, 0, 0
	quote := byte(0)
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '\n':
			line++
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == ';':
			out = append(out, statement{start, source[begun:i]})
			begun, start = i+1, 0
		}
		if start == 0 && c > ' ' && i >= begun {
			start = line
		}
	}
	return append(out, statement{start, source[min(begun, len(source)):]})
}
