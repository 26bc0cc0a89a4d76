// What scripts/test --clients tries with the official Java client. See scripts/clients/recipes.ts.

import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.Attach;
import io.kubernetes.client.Copy;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PodLogs;
import io.kubernetes.client.PortForward;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.*;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.Config;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.Watch;
import io.kubernetes.client.util.Yaml;
import io.kubernetes.client.util.credentials.AccessTokenAuthentication;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class Client {
  interface Check {
    void run() throws Exception;
  }

  static final String namespace = System.getenv("CLIENT_NAMESPACE");
  static ApiClient client;
  static CoreV1Api core;
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

  static V1ConfigMap configMap(String name) {
    return new V1ConfigMap().metadata(new V1ObjectMeta().name(name).putLabelsItem("of", "objects")).putDataItem("key", "one");
  }

  static V1ConfigMap patch(String name, String format, String patch) throws ApiException {
    var call = core.patchNamespacedConfigMap(name, namespace, new V1Patch(patch));
    return PatchUtils.patch(V1ConfigMap.class, () -> call.buildCall(null), format, client);
  }

  static void objects() throws Exception {
    for (var name : List.of("a", "b", "c")) core.createNamespacedConfigMap(namespace, configMap(name)).execute();
    var page = core.listNamespacedConfigMap(namespace).labelSelector("of=objects").limit(2).execute();
    var next = page.getMetadata().getContinue();
    var items = new ArrayList<>(page.getItems());
    items.addAll(core.listNamespacedConfigMap(namespace).labelSelector("of=objects").limit(2)._continue(next).execute().getItems());
    expect(items.stream().map(item -> item.getMetadata().getName()).toList(), List.of("a", "b", "c"));
    var merged = patch("a", V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, "{\"data\":{\"key\":\"two\",\"more\":\"three\"}}");
    expect(merged.getData(), Map.of("key", "two", "more", "three"));
    var less = patch("a", V1Patch.PATCH_FORMAT_JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/data/more\"}]");
    expect(less.getData(), Map.of("key", "two"));
    core.deleteCollectionNamespacedConfigMap(namespace).labelSelector("of=objects").execute();
    try {
      core.readNamespacedConfigMap("a", namespace).execute();
      throw new AssertionError("a deleted object is there");
    } catch (ApiException error) {
      expect(error.getCode(), 404);
    }
  }

  static void watch() throws Exception {
    var since = core.listNamespacedConfigMap(namespace).execute().getMetadata().getResourceVersion();
    core.createNamespacedConfigMap(namespace, configMap("watched")).execute();
    patch("watched", V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, "{\"data\":{\"key\":\"two\"}}");
    core.deleteNamespacedConfigMap("watched", namespace).execute();
    var call = core.listNamespacedConfigMap(namespace).watch(true).resourceVersion(since).timeoutSeconds(2).buildCall(null);
    var seen = new ArrayList<String>();
    try (Watch<V1ConfigMap> watch = Watch.createWatch(client, call, new TypeToken<Watch.Response<V1ConfigMap>>() {}.getType())) {
      for (var event : watch) seen.add(event.type + " " + event.object.getData().get("key"));
    }
    expect(seen, List.of("ADDED one", "MODIFIED two", "DELETED two"));
  }

  static void pod() throws Exception {
    var pod = Yaml.loadAs(Files.readString(Path.of(System.getenv("CLIENT_POD"))), V1Pod.class);
    core.createNamespacedPod(namespace, pod).execute();
    var call = core.listNamespacedPod(namespace).watch(true).timeoutSeconds(60).buildCall(null);
    try (Watch<V1Pod> watch = Watch.createWatch(client, call, new TypeToken<Watch.Response<V1Pod>>() {}.getType())) {
      for (var event : watch) {
        var statuses = Objects.requireNonNullElse(event.object.getStatus().getContainerStatuses(), List.<V1ContainerStatus>of());
        if (statuses.size() == 3 && statuses.stream().allMatch(status -> status.getState().getRunning() != null)) return;
      }
    }
    throw new AssertionError("the pod does not run");
  }

  static void exec() throws Exception {
    var command = new String[] {"sh", "-c", "head -c 300000 | md5sum; echo note >&2; exit 7"};
    var process = new Exec(client).newExecutionBuilder(namespace, "streams", command).setContainer("main").setStdin(true).execute();
    // A stream that is asked for after the connection's end is refused.
    var stdout = process.getInputStream();
    var stderr = process.getErrorStream();
    var stdin = process.getOutputStream();
    stdin.write("x".repeat(300_000).getBytes());
    stdin.flush();
    expect(new String(stdout.readAllBytes()), "d408ed46ebcc326f9e7c6bb9c77af1cd  -\n");
    expect(new String(stderr.readAllBytes()), "note\n");
    expect(process.waitFor(30, TimeUnit.SECONDS), true);
    expect(process.exitValue(), 7);
    process.destroy();
  }

  static void attach() throws Exception {
    var result = new Attach(client).newConnectionBuilder(namespace, "streams")
        .setContainer("attach").setStdin(true).setStdout(true).setStderr(true).connect();
    var stdout = result.getStandardOutputStream();
    result.getStandardInputStream().write("hello\nend\n".getBytes());
    result.getStandardInputStream().flush();
    expect(new String(stdout.readAllBytes()), "got hello\n");
    result.close();
  }

  static void logs() throws Exception {
    var wanted = IntStream.rangeClosed(1, 10).mapToObj(number -> "line " + number + "\n").collect(Collectors.joining());
    try (var stream = new PodLogs(client).streamNamespacedPodLog(namespace, "streams", "logs")) {
      expect(new String(stream.readAllBytes()), wanted);
    }
  }

  static void portForward() throws Exception {
    var forward = new PortForward(client).forward(namespace, "streams", List.of(8080));
    forward.getOutboundStream(8080).write("GET /index.html HTTP/1.0\r\n\r\n".getBytes());
    forward.getOutboundStream(8080).flush();
    var answer = new String(forward.getInputStream(8080).readAllBytes());
    expect(answer.split("\r\n\r\n")[1], "pong\n");
  }

  static void cp() throws Exception {
    var content = "some text\n".repeat(100_000);
    var there = Files.createTempFile("minik-clients-", ".there");
    try {
      Files.writeString(there, content);
      var copy = new Copy(client);
      copy.copyFileToPod(namespace, "streams", "main", there, Path.of("/tmp/file"));
      try (var back = copy.copyFileFromPod(namespace, "streams", "main", "/tmp/file")) {
        expect(new String(back.readAllBytes()).equals(content), true);
      }
    } finally {
      Files.delete(there);
    }
  }

  static void longToken() throws Exception {
    var token = Files.readString(Path.of(System.getenv("CLIENT_LONG_TOKEN")));
    var config = KubeConfig.loadKubeConfig(Files.newBufferedReader(Path.of(System.getenv("KUBECONFIG"))));
    var other = new ClientBuilder()
        .setBasePath(client.getBasePath())
        .setCertificateAuthority(Base64.getDecoder().decode(config.getCertificateAuthorityData()))
        .setAuthentication(new AccessTokenAuthentication(token))
        .build();
    var review = new AuthenticationV1Api(other).createSelfSubjectReview(new V1SelfSubjectReview()).execute();
    expect(review.getStatus().getUserInfo().getUsername(), System.getenv("CLIENT_LONG_TOKEN_USER"));
  }

  public static void main(String[] args) throws Exception {
    client = Config.defaultClient();
    client.setReadTimeout(0);
    core = new CoreV1Api(client);
    check("objects", Client::objects);
    check("watch", Client::watch);
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
