import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.zip.CRC32;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * java -cp trino-jdbc.jar Series URLS USER: at each address, the statements of the file MATRIX_SERIES.0, .1 … one after the other on one
 * connection, and prepared ones of both kinds; what became of each leaves as "address TAB name TAB outcome".
 */
class Series {
    private static final int PREPARED_AT_ONCE = 20;

    public static void main(String[] arguments) throws Exception {
        var urls = arguments[0].split(",");
        for (int at = 0; at < urls.length; at++) {
            var statements = Files.readString(Path.of(System.getenv("MATRIX_SERIES") + "." + at)).split("\u001e");
            try (var connection = connect(urls[at], arguments[1], true)) {
                for (String one : statements) {
                    String[] parts = one.split("\u001f", -1);
                    report(at, parts[0], outcome(connection, parts[0], parts[1]));
                }
            }
            for (boolean explicit : new boolean[] {true, false}) {
                try (var connection = connect(urls[at], arguments[1], explicit)) {
                    report(at, "prepared-" + (explicit ? "explicit" : "immediate"), prepared(connection));
                }
            }
        }
        System.exit(0);
    }

    static Connection connect(String url, String user, boolean explicitPrepare) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("explicitPrepare", String.valueOf(explicitPrepare));
        return DriverManager.getConnection(url.replaceFirst("^http:", "jdbc:trino:"), properties);
    }

    static void report(int at, String name, String outcome) throws Exception {
        String line = outcome.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r");
        if (line.length() >= 4_000) {
            String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(line.getBytes(UTF_8)));
            line = line.length() + " characters, " + digest;
        }
        System.out.writeBytes((at + "\t" + name + "\t" + line + "\n").getBytes(UTF_8));
    }

    static String outcome(Connection connection, String name, String sql) {
        try (Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "updated " + statement.getLargeUpdateCount() + warnings(statement.getWarnings());
            }
            try (ResultSet rows = statement.getResultSet()) {
                return name.startsWith("sum") ? summed(rows) : all(rows) + warnings(statement.getWarnings());
            }
        }
        catch (SQLException e) {
            return "failed " + e.getErrorCode() + " " + e.getSQLState() + " " + e.getMessage() + " " + e.getCause();
        }
    }

    static String all(ResultSet rows) throws SQLException {
        var shape = rows.getMetaData();
        List<String> lines = new ArrayList<>();
        for (int i = 1; i <= shape.getColumnCount(); i++) {
            lines.add(shape.getColumnLabel(i) + " " + shape.getColumnTypeName(i));
        }
        while (rows.next()) {
            lines.add(row(rows));
        }
        return lines.toString();
    }

    static String row(ResultSet rows) throws SQLException {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
            values.add(rows.getString(i));
        }
        return String.join("\t", values.stream().map(String::valueOf).toList());
    }

    /** Rows that come in any order. */
    static String summed(ResultSet rows) throws SQLException {
        long count = 0;
        long total = 0;
        while (rows.next()) {
            var checksum = new CRC32();
            checksum.update(row(rows).getBytes(UTF_8));
            count++;
            total += checksum.getValue();
        }
        return count + " rows, " + total;
    }

    static String warnings(SQLWarning first) {
        var all = new StringBuilder();
        for (SQLWarning one = first; one != null; one = one.getNextWarning()) {
            all.append(" warning ").append(one.getErrorCode()).append(' ').append(one.getMessage());
        }
        return all.toString();
    }

    /** Many at a time, alive until the last has run. */
    static String prepared(Connection connection) throws SQLException {
        List<PreparedStatement> statements = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < PREPARED_AT_ONCE; i++) {
            statements.add(connection.prepareStatement("SELECT " + i + " + CAST(? AS bigint) /* " + "p".repeat(i * 100) + " */"));
        }
        for (PreparedStatement statement : statements) {
            statement.setLong(1, 100);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                values.add(rows.getString(1));
            }
        }
        for (PreparedStatement statement : statements) {
            statement.close();
        }
        return values.toString();
    }
}
