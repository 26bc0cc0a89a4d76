/** ws with quick masks. Whoever opens or takes WebSockets has them from here. */
import './websocket-masks.ts';

export { WebSocket, WebSocketServer } from 'ws';
