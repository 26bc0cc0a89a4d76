<%@ page contentType="text/html; charset=UTF-8" session="false" %>
<%@ include file="database.jspf" %>
<%
  String userName = Objects.requireNonNullElse(request.getParameter("userName"), "").strip();
  String level = Objects.requireNonNullElse(request.getParameter("level"), "").strip();
  if (userName.isEmpty() || userName.length() > 100 || level.isEmpty() || level.length() > 20) {
    response.sendError(400, "userName and level are required");
    return;
  }
  try (Connection connection = connect();
       PreparedStatement insert = connection.prepareStatement(
           "INSERT INTO T_USERS (USER_NAME, LEVEL) VALUES (?, ?) ON DUPLICATE KEY UPDATE LEVEL = VALUES(LEVEL)")) {
    insert.setString(1, userName);
    insert.setString(2, level);
    insert.executeUpdate();
  }
  response.sendRedirect("./");
%>
