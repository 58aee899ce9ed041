package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"

	"github.com/trinodb/trino-go-client/trino"
)

// series runs the statements of the file MATRIX_SERIES.0, .1 … at each address, one after the other on one connection; what became of each
// leaves as "address TAB name TAB outcome".
func series(addresses, user string) error {
	for at, address := range strings.Split(addresses, ",") {
		text, err := os.ReadFile(fmt.Sprintf("%s.%d", setting("SERIES"), at))
		if err != nil {
			return err
		}
		db, err := open(address, user)
		if err != nil {
			return err
		}
		ctx := context.Background()
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		c := client{ctx, conn}
		for _, one := range strings.Split(string(text), "\x1e") {
			name, statement, _ := strings.Cut(one, "\x1f")
			fmt.Printf("%d\t%s\t%s\n", at, name, short(c.outcome(name, statement)))
		}
		prepared, err := c.bigPrepared()
		fmt.Printf("%d\tprepared\t%s\n", at, short(prepared+fmt.Sprint(err)))
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}

// short gives long text by its length and digest.
func short(text string) string {
	if len(text) >= 4_000 {
		return fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256([]byte(text)))
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(text)
}

func (c client) outcome(name, statement string) string {
	if strings.HasPrefix(name, "sum") {
		return c.summed(statement)
	}
	found, err := c.conn.QueryContext(c.ctx, statement)
	if err != nil {
		return failed(err)
	}
	types, err := found.ColumnTypes()
	if err != nil {
		return failed(err)
	}
	var shape []string
	for _, column := range types {
		shape = append(shape, column.Name()+" "+column.DatabaseTypeName())
	}
	all, err := texts(found)
	if err != nil {
		return failed(err)
	}
	return fmt.Sprint(shape, all)
}

func failed(err error) string {
	var one *trino.ErrTrino
	if errors.As(err, &one) {
		return fmt.Sprint("failed ", one.ErrorType, " ", one.ErrorName, " ", one.ErrorCode, " ", one.Message, " ", one.ErrorLocation)
	}
	return "error " + err.Error()
}

// summed reads rows that come in any order.
func (c client) summed(statement string) string {
	all, err := c.rows(c.ctx, statement)
	if err != nil {
		return failed(err)
	}
	var total uint64
	for _, row := range all {
		total += uint64(crc32.ChecksumIEEE([]byte(strings.Join(row, "\t"))))
	}
	return fmt.Sprintf("%d rows, %d", len(all), total)
}

// bigPrepared has statements of several lengths, which travel in headers.
func (c client) bigPrepared() (string, error) {
	var lengths []string
	for _, length := range []int{100, 3_000, 300_000} {
		statement, err := c.conn.PrepareContext(c.ctx, "SELECT length('"+strings.Repeat("p", length)+"') + ?")
		if err != nil {
			return "", err
		}
		var value int
		if err := statement.QueryRowContext(c.ctx, 1).Scan(&value); err != nil {
			return "", err
		}
		lengths = append(lengths, fmt.Sprint(value))
		if err := statement.Close(); err != nil {
			return "", err
		}
	}
	return strings.Join(lengths, " "), nil
}
