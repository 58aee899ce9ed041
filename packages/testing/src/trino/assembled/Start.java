/** Starts a Trino server from its library; the program that its archives start it with is not published. */
public final class Start {
    public static void main(String[] args) {
        new io.trino.server.Server().start(System.getProperty("trino-gateway.version"));
    }
}
