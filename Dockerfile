# Room Booker in one image: `serve`, `worker`, `db upgrade` and the sandbox are commands of it. No secret is ever built in.
ARG NODE=22
ARG PYTHON=3.11

# The pane.
FROM node:${NODE}-slim AS pane
WORKDIR /build/addin
COPY addin/package.json addin/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY addin/ ./
RUN npm run --silent build

# The packages, each checked against its hash, and the product itself.
FROM python:${PYTHON}-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/roombooker
WORKDIR /build
COPY backend/locks/runtime.txt backend/locks/runtime.txt
RUN /opt/roombooker/bin/pip install -q --require-hashes -r backend/locks/runtime.txt
COPY pyproject.toml README.md LICENSE manifest.xml ./
COPY backend/roombooker backend/roombooker
COPY backend/roombooker_sandbox backend/roombooker_sandbox
COPY --from=pane /build/addin/dist backend/roombooker/pane
RUN cp manifest.xml backend/roombooker/manifest.xml \
 && /opt/roombooker/bin/pip install -q --no-deps --no-build-isolation .

# What runs: no compiler, no Node, no root. var/ is all that it writes.
FROM python:${PYTHON}-slim AS runtime
RUN useradd --system --uid 10001 --home-dir /srv/roombooker --create-home roombooker \
 && install -d -o roombooker -g roombooker /srv/roombooker/var
COPY --from=packages /opt/roombooker /opt/roombooker
ENV PATH=/opt/roombooker/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER roombooker
WORKDIR /srv/roombooker
VOLUME /srv/roombooker/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["roombooker"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
