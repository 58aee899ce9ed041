import java.sql.DriverManager;
import java.sql.SQLException;

/** java -cp trino-jdbc.jar TimeLimit.java URL USER SECONDS SQL: one statement with setQueryTimeout; says "milliseconds TAB code TAB message". */
class TimeLimit {
    public static void main(String[] arguments) throws Exception {
        var address = arguments[0].replaceFirst("^https?:", "jdbc:trino:") + "?user=" + arguments[1];
        try (var connection = DriverManager.getConnection(address); var statement = connection.createStatement()) {
            statement.setQueryTimeout(Integer.parseInt(arguments[2]));
            long began = System.nanoTime();
            String outcome = "0\tdone";
            try {
                statement.executeQuery(arguments[3]).next();
            }
            catch (SQLException e) {
                outcome = e.getErrorCode() + "\t" + e.getMessage();
            }
            System.out.println((System.nanoTime() - began) / 1_000_000 + "\t" + outcome);
        }
        System.exit(0);
    }
}
