import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import static java.nio.charset.StandardCharsets.UTF_8;

/** java -cp trino-jdbc.jar Cases.java URL USER. Statements come from MATRIX_*, results leave as "case TAB value". */
class Cases {
    interface Case {
        Object value() throws Exception;
    }

    private final Connection connection;

    Cases(Connection connection) {
        this.connection = connection;
    }

    public static void main(String[] arguments) throws Exception {
        var properties = new Properties();
        properties.setProperty("user", arguments[1]);
        if (System.getenv("MATRIX_PASSWORD") != null) {
            properties.setProperty("password", System.getenv("MATRIX_PASSWORD"));
        }
        if (setting("ENCODING") != null) {
            properties.setProperty("encoding", setting("ENCODING"));
        }
        if (setting("LOG_IN") != null) {
            properties.setProperty("externalAuthentication", "true");
            properties.setProperty("externalAuthenticationRedirectHandlers", "PRINT");
        }
        if (setting("PLAIN") != null) {
            properties.setProperty("disableCompression", "true");
        }
        if (setting("ANSWER_SECONDS") != null) {
            properties.setProperty("timeout", setting("ANSWER_SECONDS") + "s");
        }
        if (arguments[0].startsWith("https:")) {
            properties.setProperty("SSL", "true");
            properties.setProperty("SSLVerification", "NONE");
        }
        var address = arguments[0].replaceFirst("^https?:", "jdbc:trino:");
        if (setting("MANY") == null) {
            try (var connection = DriverManager.getConnection(address, properties)) {
                new Cases(connection).run();
            }
        }
        else {
            many(address, properties, setting("MANY").split("\n"));
        }
        System.exit(0); // a query that is not over must not keep us
    }

    /** Each statement on a connection of its own, all at the same time. */
    static void many(String address, Properties properties, String[] statements) throws InterruptedException {
        var threads = new Thread[statements.length];
        for (int i = 0; i < statements.length; i++) {
            String number = String.valueOf(i);
            String sql = statements[i];
            threads[i] = new Thread(() -> report(number, () -> {
                try (var connection = DriverManager.getConnection(address, properties); var statement = connection.createStatement()) {
                    if (!statement.execute(sql)) {
                        return statement.getUpdateCount();
                    }
                    ResultSet rows = statement.getResultSet();
                    rows.next();
                    return rows.getString(1);
                }
            }));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    void run() {
        report("select-1", () -> one(setting("ONE")));
        report("count", () -> one(setting("COUNT")));
        report("fetch-15000", () -> digest("SHA-256", setting("FETCH")));
        if (setting("ROWS") != null) {
            report("rows", () -> digest("MD5", setting("ROWS")));
        }
        report("prepared", this::prepared);
        report("session", this::session);
        report("write", this::write);
        report("error-message", () -> failure().getMessage().replaceFirst("^Query failed \\(#\\w+\\): ", ""));
        report("error-code", () -> failure().getErrorCode());
        report("transaction", this::transaction);
        report("valid", () -> connection.isValid(10));
        report("cancel", this::cancel);
    }

    static void report(String name, Case one) {
        if (setting("ONLY") != null && !List.of(setting("ONLY").split(",")).contains(name)) {
            return;
        }
        Object value;
        try {
            value = one.value();
        }
        catch (Exception e) {
            value = "error: " + e.toString().replaceAll("\\s+", " ");
        }
        System.out.println(name + "\t" + value);
        System.out.flush();
    }

    static String setting(String name) {
        return System.getenv("MATRIX_" + name);
    }

    /** The first row's first column. Reads to the end: closing rows early cancels the query, and Trino then aborts its transaction. */
    String one(String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            String value = rows.getString(1);
            while (rows.next()) {
            }
            return value;
        }
    }

    int changed(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** Of rows that are read one by one. */
    String digest(String algorithm, String sql) throws Exception {
        var digest = MessageDigest.getInstance(algorithm);
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int i = 1; i <= columns; i++) {
                    digest.update((rows.getString(i) + (i < columns ? "\t" : "\n")).getBytes(UTF_8));
                }
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    String prepared() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(setting("PREPARED"))) {
            statement.setLong(1, Long.parseLong(setting("PREPARED_VALUE")));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }

    String session() throws SQLException {
        changed(setting("SET_SESSION"));
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(setting("SHOW_SESSION"))) {
            rows.next();
            return rows.getString("Value");
        }
    }

    String write() throws SQLException {
        int created = changed(setting("CREATE"));
        int inserted = changed(setting("INSERT"));
        String counted = one(setting("COUNT_WRITTEN"));
        changed(setting("DROP"));
        return created + " " + inserted + " " + counted;
    }

    SQLException failure() {
        try {
            one(setting("FAILING"));
        }
        catch (SQLException e) {
            return e;
        }
        return new SQLException("no error");
    }

    String transaction() throws SQLException {
        connection.setAutoCommit(false);
        try {
            String value = one(setting("IN_TRANSACTION"));
            connection.commit();
            return value;
        }
        finally {
            connection.setAutoCommit(true);
        }
    }

    String cancel() throws Exception {
        Statement statement = connection.createStatement();
        var ended = CompletableFuture.supplyAsync(() -> {
            try (ResultSet rows = statement.executeQuery(setting("LONG"))) {
                rows.next();
                return "finished";
            }
            catch (SQLException e) {
                return "canceled";
            }
        });
        System.out.println("running");
        System.out.flush();
        new BufferedReader(new InputStreamReader(System.in, UTF_8)).readLine(); // comes when the server says that it runs
        statement.cancel();
        try {
            return ended.get(30, TimeUnit.SECONDS);
        }
        catch (TimeoutException e) {
            return "still running";
        }
    }
}
