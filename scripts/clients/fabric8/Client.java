// What scripts/test --clients tries with fabric8's Java client. See scripts/clients/recipes.ts.

import io.fabric8.kubernetes.api.model.*;
import io.fabric8.kubernetes.api.model.authentication.SelfSubjectReview;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.*;
import io.fabric8.kubernetes.client.dsl.ContainerResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayOutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class Client {
  interface Check {
    void run() throws Exception;
  }

  static final String namespace = System.getenv("CLIENT_NAMESPACE");
  static final KubernetesClient client = new KubernetesClientBuilder().build();
  static boolean failed = false;

  static void check(String name, Check body) {
    try {
      body.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      failed = true;
      error.printStackTrace();
      System.out.println("not ok " + name + ": " + error);
    }
  }

  static void expect(Object actual, Object wanted) {
    if (!Objects.equals(actual, wanted)) throw new AssertionError(actual + " instead of " + wanted);
  }

  static ConfigMap configMap(String name) {
    return new ConfigMapBuilder()
        .withNewMetadata().withName(name).withNamespace(namespace).addToLabels("of", "objects").endMetadata()
        .addToData("key", "one")
        .build();
  }

  static ContainerResource container(String name) {
    return client.pods().inNamespace(namespace).withName("streams").inContainer(name);
  }

  static void objects() {
    var maps = client.configMaps().inNamespace(namespace);
    for (var name : List.of("a", "b", "c")) maps.resource(configMap(name)).create();
    var page = maps.withLabel("of", "objects").list(new ListOptionsBuilder().withLimit(2L).build());
    var next = new ListOptionsBuilder().withLimit(2L).withContinue(page.getMetadata().getContinue()).build();
    var items = new ArrayList<>(page.getItems());
    items.addAll(maps.withLabel("of", "objects").list(next).getItems());
    expect(items.stream().map(item -> item.getMetadata().getName()).toList(), List.of("a", "b", "c"));
    for (var type : List.of(PatchType.STRATEGIC_MERGE, PatchType.JSON_MERGE)) {
      var patch = "{\"data\":{\"" + type + "\":\"two\"}}";
      expect(maps.withName("a").patch(PatchContext.of(type), patch).getData().get(type.name()), "two");
    }
    var edited = maps.withName("a").edit(map -> new ConfigMapBuilder(map).addToData("key", "edited").build());
    expect(edited.getData().get("key"), "edited");
    maps.withLabel("of", "objects").delete();
    expect(maps.withName("a").get(), null);
  }

  /** Over a WebSocket, as fabric8 watches. */
  static void watch() throws Exception {
    var maps = client.configMaps().inNamespace(namespace);
    var since = maps.list().getMetadata().getResourceVersion();
    var seen = new LinkedBlockingQueue<String>();
    var watcher = new Watcher<ConfigMap>() {
      public void eventReceived(Action action, ConfigMap map) {
        seen.add(action + " " + map.getData().get("key"));
      }

      public void onClose(WatcherException cause) {
        seen.add("closed by " + cause);
      }
    };
    try (var watch = maps.watch(new ListOptionsBuilder().withResourceVersion(since).build(), watcher)) {
      maps.resource(configMap("watched")).create();
      maps.withName("watched").patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\":{\"key\":\"two\"}}");
      maps.withName("watched").delete();
      for (var wanted : List.of("ADDED one", "MODIFIED two", "DELETED two")) expect(seen.poll(20, TimeUnit.SECONDS), wanted);
    }
  }

  static void informer() throws Exception {
    var seen = new CountDownLatch(1);
    var handler = new ResourceEventHandler<ConfigMap>() {
      public void onAdd(ConfigMap map) {
        if (map.getMetadata().getName().equals("informed")) seen.countDown();
      }

      public void onUpdate(ConfigMap before, ConfigMap after) {}

      public void onDelete(ConfigMap map, boolean unknown) {}
    };
    try (var informer = client.configMaps().inNamespace(namespace).inform(handler)) {
      expect(informer.hasSynced(), true);
      client.configMaps().inNamespace(namespace).resource(configMap("informed")).create();
      expect(seen.await(20, TimeUnit.SECONDS), true);
    }
  }

  static void pod() throws Exception {
    var pod = Serialization.unmarshal(Files.readString(Path.of(System.getenv("CLIENT_POD"))), Pod.class);
    client.pods().inNamespace(namespace).resource(pod).create();
    client.pods().inNamespace(namespace).withName("streams").waitUntilCondition(
        found -> found != null && found.getStatus().getContainerStatuses().size() == 3
            && found.getStatus().getContainerStatuses().stream().allMatch(status -> status.getState().getRunning() != null),
        60, TimeUnit.SECONDS);
  }

  static void exec() throws Exception {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var writing = container("main").redirectingInput().writingOutput(out).writingError(err);
    try (var watch = writing.exec("sh", "-c", "head -c 300000 | md5sum; echo note >&2; exit 7")) {
      watch.getInput().write("x".repeat(300_000).getBytes());
      watch.getInput().flush();
      expect(watch.exitCode().get(30, TimeUnit.SECONDS), 7);
    }
    expect(out.toString(), "d408ed46ebcc326f9e7c6bb9c77af1cd  -\n");
    expect(err.toString(), "note\n");
  }

  static void attach() throws Exception {
    var out = new ByteArrayOutputStream();
    try (var watch = container("attach").redirectingInput().writingOutput(out).attach()) {
      watch.getInput().write("hello\nend\n".getBytes());
      watch.getInput().flush();
      watch.exitCode().get(30, TimeUnit.SECONDS);
    }
    expect(out.toString(), "got hello\n");
  }

  static void logs() throws Exception {
    try (var watch = container("logs").watchLog()) {
      var wanted = IntStream.rangeClosed(1, 10).mapToObj(number -> "line " + number + "\n").collect(Collectors.joining());
      expect(new String(watch.getOutput().readAllBytes()), wanted);
    }
  }

  static void portForward() throws Exception {
    try (var forward = client.pods().inNamespace(namespace).withName("streams").portForward(8080);
        var socket = new Socket("127.0.0.1", forward.getLocalPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write("GET /index.html HTTP/1.0\r\n\r\n".getBytes());
      var answer = new String(socket.getInputStream().readAllBytes());
      expect(answer.split("\r\n\r\n")[1], "pong\n");
      expect(forward.errorOccurred(), false);
    }
  }

  static void cp() throws Exception {
    var there = Files.createTempFile("minik-clients-", ".there");
    var back = Files.createTempFile("minik-clients-", ".back");
    try {
      Files.writeString(there, "some text\n".repeat(100_000));
      expect(container("main").file("/tmp/file").upload(there), true);
      expect(container("main").file("/tmp/file").copy(back), true);
      expect(Files.mismatch(there, back), -1L);
    } finally {
      Files.delete(there);
      Files.delete(back);
    }
  }

  static void longToken() throws Exception {
    var token = Files.readString(Path.of(System.getenv("CLIENT_LONG_TOKEN")));
    var config = new ConfigBuilder(Config.empty())
        .withMasterUrl(client.getConfiguration().getMasterUrl())
        .withCaCertData(client.getConfiguration().getCaCertData())
        .withCaCertFile(client.getConfiguration().getCaCertFile())
        .withOauthToken(token)
        .build();
    try (var other = new KubernetesClientBuilder().withConfig(config).build()) {
      var review = other.resource(new SelfSubjectReview()).create();
      expect(review.getStatus().getUserInfo().getUsername(), System.getenv("CLIENT_LONG_TOKEN_USER"));
    }
  }

  public static void main(String[] args) {
    check("objects", Client::objects);
    check("watch", Client::watch);
    check("informer", Client::informer);
    check("pod", Client::pod);
    check("exec", Client::exec);
    check("attach", Client::attach);
    check("logs", Client::logs);
    check("port-forward", Client::portForward);
    check("cp", Client::cp);
    check("long-token", Client::longToken);
    System.exit(failed ? 1 : 0);
  }
}
