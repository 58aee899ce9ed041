// client URL USER: database/sql with trino-go-client. Statements come from MATRIX_*, results leave as "case TAB value".
package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trinodb/trino-go-client/trino"
)

type client struct {
	ctx  context.Context
	conn *sql.Conn // one connection, so that session properties last
}

func setting(name string) string { return os.Getenv("MATRIX_" + name) }

func isWanted(name string) bool {
	only := setting("ONLY")
	return only == "" || slices.Contains(strings.Split(only, ","), name)
}

func report(name string, produce func() (any, error)) {
	if !isWanted(name) {
		return
	}
	value, err := produce()
	if err != nil {
		value = "error: " + strings.Join(strings.Fields(err.Error()), " ")
	}
	fmt.Printf("%s\t%v\n", name, value)
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, user string) error {
	if setting("SERIES") != "" {
		return series(address, user)
	}
	db, err := open(address, user)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if statements := setting("MANY"); statements != "" {
		many(ctx, db, strings.Split(statements, "\n"))
		return nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	c := client{ctx, conn}
	report("select-1", func() (any, error) { return c.one(setting("ONE")) })
	report("count", func() (any, error) { return c.one(setting("COUNT")) })
	report("fetch-15000", c.digest)
	if setting("ROWS") != "" {
		report("rows", c.streamed)
	}
	report("prepared", c.prepared)
	report("session", c.session)
	report("write", c.write)
	if isWanted("error-message") {
		c.failure()
	}
	report("transaction", c.transaction)
	report("cancel", c.cancel)
	return nil
}

// many runs each statement on a connection of its own, all at the same time.
func many(ctx context.Context, db *sql.DB, statements []string) {
	var all sync.WaitGroup
	for number, statement := range statements {
		all.Add(1)
		go func() {
			defer all.Done()
			report(strconv.Itoa(number), func() (any, error) {
				conn, err := db.Conn(ctx)
				if err != nil {
					return nil, err
				}
				defer conn.Close()
				return client{ctx, conn}.one(statement)
			})
		}()
	}
	all.Wait()
}

func open(address, user string) (*sql.DB, error) {
	dsn, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	dsn.User = url.User(user)
	if password := setting("PASSWORD"); password != "" {
		dsn.User = url.UserPassword(user, password)
	}
	custom := http.Client{}
	if dsn.Scheme == "https" {
		// As net/http does by itself where no TLS settings are given.
		custom.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	}
	if setting("PLAIN") != "" {
		custom.Transport = &http.Transport{DisableCompression: true}
	}
	if seconds := setting("ANSWER_SECONDS"); seconds != "" {
		limit, err := strconv.Atoi(seconds)
		if err != nil {
			return nil, err
		}
		custom.Timeout = time.Duration(limit) * time.Second
	}
	if custom.Transport != nil || custom.Timeout > 0 {
		if err := trino.RegisterCustomClient("own", &custom); err != nil {
			return nil, err
		}
		dsn.RawQuery = "custom_client=own"
	}
	if token := setting("TOKEN"); token != "" {
		dsn.RawQuery += "&accessToken=" + url.QueryEscape(token)
	}
	return sql.Open("trino", dsn.String())
}

// rows gives every row as the text of its columns.
func (c client) rows(ctx context.Context, statement string) ([][]string, error) {
	var arguments []any
	if encoding := setting("ENCODING"); encoding != "" {
		arguments = append(arguments, sql.Named("encoding", encoding))
	}
	found, err := c.conn.QueryContext(ctx, statement, arguments...)
	if err != nil {
		return nil, err
	}
	return texts(found)
}

func texts(found *sql.Rows) ([][]string, error) {
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]string
	for found.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := found.Scan(targets...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = fmt.Sprint(value)
		}
		all = append(all, row)
	}
	return all, found.Err()
}

func (c client) one(statement string) (any, error) {
	return firstValue(c.rows(c.ctx, statement))
}

func firstValue(all [][]string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no row")
	}
	return all[0][0], nil
}

func (c client) digest() (any, error) {
	all, err := c.rows(c.ctx, setting("FETCH"))
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	for _, row := range all {
		fmt.Fprintln(hash, strings.Join(row, "\t"))
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// streamed gives the MD5 of rows that are read one by one.
func (c client) streamed() (any, error) {
	found, err := c.conn.QueryContext(c.ctx, setting("ROWS"))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	hash := md5.New()
	for found.Next() {
		var number int64
		var text string
		if err := found.Scan(&number, &text); err != nil {
			return nil, err
		}
		fmt.Fprintf(hash, "%d\t%s\n", number, text)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), found.Err()
}

func (c client) prepared() (any, error) {
	value, err := strconv.Atoi(setting("PREPARED_VALUE"))
	if err != nil {
		return nil, err
	}
	statement, err := c.conn.PrepareContext(c.ctx, setting("PREPARED"))
	if err != nil {
		return nil, err
	}
	defer statement.Close()
	var name string
	err = statement.QueryRowContext(c.ctx, value).Scan(&name)
	return name, err
}

func (c client) session() (any, error) {
	if _, err := c.rows(c.ctx, setting("SET_SESSION")); err != nil {
		return nil, err
	}
	all, err := c.rows(c.ctx, setting("SHOW_SESSION"))
	if err != nil {
		return nil, err
	}
	return all[0][1], nil
}

func (c client) write() (any, error) {
	var counts []string
	for _, statement := range []string{setting("CREATE"), setting("INSERT")} {
		result, err := c.conn.ExecContext(c.ctx, statement)
		if err != nil {
			return nil, err
		}
		changed, err := result.RowsAffected()
		if err != nil {
			return nil, err
		}
		counts = append(counts, strconv.FormatInt(changed, 10))
	}
	counted, err := c.one(setting("COUNT_WRITTEN"))
	if err != nil {
		return nil, err
	}
	if _, err := c.conn.ExecContext(c.ctx, setting("DROP")); err != nil {
		return nil, err
	}
	return strings.Join(counts, " ") + fmt.Sprint(" ", counted), nil
}

func (c client) failure() {
	_, err := c.one(setting("FAILING"))
	var failed *trino.ErrTrino
	if !errors.As(err, &failed) {
		err = fmt.Errorf("not an error of Trino: %v", err)
		report("error-message", func() (any, error) { return nil, err })
		return
	}
	report("error-message", func() (any, error) { return failed.Message, nil })
	report("error-code", func() (any, error) { return failed.ErrorCode, nil })
}

func (c client) transaction() (any, error) {
	transaction, err := c.conn.BeginTx(c.ctx, nil)
	if err != nil {
		return nil, err
	}
	// Read to the end: closing rows early cancels the query, and Trino then aborts its transaction.
	found, err := transaction.QueryContext(c.ctx, setting("IN_TRANSACTION"))
	if err != nil {
		return nil, errors.Join(err, transaction.Rollback())
	}
	value, err := firstValue(texts(found))
	if err != nil {
		return nil, errors.Join(err, transaction.Rollback())
	}
	return value, transaction.Commit()
}

func (c client) cancel() (any, error) {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := c.rows(ctx, setting("LONG"))
		ended <- err
	}()
	fmt.Println("running")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil { // comes when the server says that the query runs
		return nil, err
	}
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			return "finished", nil
		}
		return "canceled", nil
	case <-time.After(30 * time.Second):
		return "still running", nil
	}
}
