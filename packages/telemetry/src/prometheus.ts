import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import type { metrics } from '@opentelemetry/sdk-node';

/** `GET /metrics` for Prometheus, with a server of our own: the exporter's cannot listen on a free port, nor say that it failed. */
export class PrometheusEndpoint {
  readonly reader: PrometheusExporter;
  readonly #server: Server;

  private constructor(kept: metrics.MetricProducer) {
    this.reader = new PrometheusExporter({
      preventServerStart: true,
      withoutScopeInfo: true,
      metricProducers: [kept],
    });
    this.#server = createServer((request, response) => {
      const path = request.url?.split('?', 1)[0];
      if (path !== '/metrics') response.writeHead(404).end('metrics are at /metrics\n');
      else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
      else this.reader.getMetricsRequestHandler(request, response);
    });
    // Being looked at is no reason to stay alive.
    this.#server.unref();
  }

  /**
   * @param kept the mesh's own metrics
   * @throws whatever listening fails with, e.g. EADDRINUSE
   */
  static async listen(host: string, port: number, kept: metrics.MetricProducer): Promise<PrometheusEndpoint> {
    const endpoint = new PrometheusEndpoint(kept);
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', reject);
      endpoint.#server.listen(port, host, () => {
        endpoint.#server.off('error', reject);
        resolve();
      });
    });
    return endpoint;
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
