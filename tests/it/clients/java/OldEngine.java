// A person with an old browser engine, HtmlUnit, which is also the one that certification of OpenID providers uses: each
// page is found by what stands in its address, filled in by the identifiers of its fields, and left by its button.
//
// Reads {"issuer": …, "client": …, "username": …, "password": …, "port": …, "scripts": "on" or "off"} from standard
// input, listens on the port as the application, and reports what reached the application.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.htmlunit.BrowserVersion;
import org.htmlunit.Page;
import org.htmlunit.WebClient;
import org.htmlunit.html.DomElement;
import org.htmlunit.html.HtmlInput;
import org.htmlunit.html.HtmlPage;

public class OldEngine {
  /** What reached the application: method, path and parameters. */
  record Arrival(String method, String path, Map<String, String> parameters) {}

  private final List<Arrival> arrivals = new CopyOnWriteArrayList<>();
  private final Map<String, String> task;
  private final WebClient browser = new WebClient(BrowserVersion.FIREFOX_ESR);
  private final String application;

  OldEngine(Map<String, String> task) throws Exception {
    this.task = task;
    int port = Integer.parseInt(task.get("port"));
    application = "http://127.0.0.1:" + port;
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", this::arrive);
    server.start();
    browser.getOptions().setJavaScriptEnabled(task.get("scripts").equals("on"));
    browser.getOptions().setThrowExceptionOnScriptError(true);
    browser.getOptions().setThrowExceptionOnFailingStatusCode(false);
    browser.getOptions().setCssEnabled(true);
  }

  private void arrive(HttpExchange exchange) throws java.io.IOException {
    Map<String, String> parameters = decode(exchange.getRequestURI().getRawQuery());
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    parameters.putAll(decode(body));
    String path = exchange.getRequestURI().getPath();
    arrivals.add(new Arrival(exchange.getRequestMethod(), path, parameters));
    byte[] page = "<!DOCTYPE html><title>application</title><p id='arrived'>here".getBytes();
    exchange.getResponseHeaders().add("Content-Type", "text/html");
    exchange.sendResponseHeaders(200, page.length);
    exchange.getResponseBody().write(page);
    exchange.close();
  }

  private static Map<String, String> decode(String form) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : form == null || form.isEmpty() ? new String[0] : form.split("&")) {
      String[] parts = pair.split("=", 2);
      String value = parts.length == 2 ? parts[1] : "";
      parameters.put(
          URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
          URLDecoder.decode(value, StandardCharsets.UTF_8));
    }
    return parameters;
  }

  private String address(String path, String... parameters) {
    StringBuilder address = new StringBuilder(task.get("issuer") + path);
    for (int at = 0; at < parameters.length; at += 2) {
      address.append(at == 0 ? '?' : '&').append(parameters[at]).append('=');
      address.append(URLEncoder.encode(parameters[at + 1], StandardCharsets.UTF_8));
    }
    return address.toString();
  }

  private String authorize(String mode, String prompt) {
    return address(
        "/authorize", "client_id", task.get("client"), "response_type", "code", "scope",
        "openid email", "redirect_uri", application + "/callback", "state", "s t+ä", "nonce", "n",
        "response_mode", mode, "prompt", prompt);
  }

  /** Does on each page what its address asks for, until the application is reached. */
  private List<String> walk(String start, String decision) throws Exception {
    List<String> steps = new ArrayList<>();
    HtmlPage page = browser.getPage(start);
    for (int step = 0; step < 10; step++) {
      browser.waitForBackgroundJavaScript(2_000);
      page = (HtmlPage) browser.getCurrentWindow().getEnclosedPage();
      String path = page.getUrl().getPath();
      if (page.getUrl().toString().startsWith(application)) {
        page.getHtmlElementById("arrived");
        return steps;
      }
      steps.add(path);
      switch (path) {
        case "/login" -> {
          ((HtmlInput) page.getHtmlElementById("username")).type(task.get("username"));
          ((HtmlInput) page.getHtmlElementById("password")).type(task.get("password"));
          click(page, "sign-in");
        }
        case "/consent" -> click(page, decision);
        case "/logout" -> click(page, "confirm-sign-out");
        default -> click(page, "continue");
      }
    }
    throw new AssertionError("no way to the application: " + steps);
  }

  private static void click(HtmlPage page, String id) throws Exception {
    DomElement button = page.getElementById(id);
    if (button == null) {
      throw new AssertionError("no " + id + " at " + page.getUrl() + "\n" + page.asNormalizedText());
    }
    button.click();
  }

  /** A page at the endpoint's own address, with an error that can be found in it. */
  private Map<String, String> error(String address) throws Exception {
    Page page = browser.getPage(address);
    Map<String, String> told = new LinkedHashMap<>();
    told.put("status", Integer.toString(page.getWebResponse().getStatusCode()));
    told.put("type", page.getWebResponse().getContentType());
    told.put("path", page.getUrl().getPath());
    told.put("id", ((HtmlPage) page).getElementById("error-id").getTextContent());
    return told;
  }

  private Map<String, Object> journey() throws Exception {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("refused", walk(authorize("query", "login"), "deny"));
    told.put("first", walk(authorize("query", "login"), "allow"));
    told.put("again", walk(authorize("form_post", "consent"), "allow"));
    told.put(
        "unknown_address",
        error(
            address("/authorize", "client_id", task.get("client"), "response_type", "code", "scope",
                "openid", "redirect_uri", application + "/elsewhere")));
    told.put("unknown_client", error(address("/authorize", "client_id", "nobody")));
    told.put(
        "signed_out",
        walk(
            address("/logout", "client_id", task.get("client"), "post_logout_redirect_uri",
                application + "/bye", "state", "end"),
            ""));
    // A page of its own, that clients open in frames.
    Page frame = browser.getPage(address("/session/check"));
    told.put("check_session", Integer.toString(frame.getWebResponse().getStatusCode()));
    told.put("arrivals", arrivals);
    return told;
  }

  /** The task is one object, whose values are texts without escapes. */
  private static Map<String, String> read(String json) {
    Map<String, String> values = new HashMap<>();
    Matcher pairs = Pattern.compile("\"(\\w+)\":\"([^\"\\\\]*)\"").matcher(json);
    while (pairs.find()) {
      values.put(pairs.group(1), pairs.group(2));
    }
    return values;
  }

  private static String write(Object value) {
    if (value instanceof Arrival arrival) {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("method", arrival.method());
      members.put("path", arrival.path());
      members.put("parameters", arrival.parameters());
      return write(members);
    }
    if (value instanceof Map<?, ?> members) {
      List<String> pairs = new ArrayList<>();
      members.forEach((name, member) -> pairs.add(write(name) + ":" + write(member)));
      return "{" + String.join(",", pairs) + "}";
    }
    if (value instanceof List<?> items) {
      return "[" + String.join(",", items.stream().map(OldEngine::write).toList()) + "]";
    }
    return '"' + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  public static void main(String[] arguments) throws Exception {
    String json = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    System.out.println(write(new OldEngine(read(json)).journey()));
    System.exit(0);
  }
}
