<%@ page contentType="text/html; charset=UTF-8" session="false" %>
<%@ include file="database.jspf" %>
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Users and their levels</title></head>
<body>
<%
  try (Connection connection = connect();
       Statement statement = connection.createStatement();
       ResultSet rows = statement.executeQuery("SELECT USER_NAME, LEVEL FROM T_USERS ORDER BY ID DESC")) {
%>
<h2>Congratulations!!</h2>
<p>Served by <%= escape(setting("HOSTNAME", "?")) %></p>
<p><a href="input.html">Add...</a></p>
<table border="1">
<tr><th>Name</th><th>Level(Score)</th></tr>
<% while (rows.next()) { %><tr><td><%= escape(rows.getString(1)) %></td><td><%= escape(rows.getString(2)) %></td></tr>
<% } %></table>
<%
  } catch (SQLException failure) {
    response.setStatus(500);
%>
<h2>Error: the database cannot be reached</h2>
<pre><%= escape(String.valueOf(failure.getMessage())) %></pre>
<% } %>
</body>
</html>
