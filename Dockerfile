# Two stages: wheels are built with compilers at hand, the image that runs has none.
FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml constraints.txt README.md LICENSE ./
COPY bridge bridge
COPY mappings mappings
COPY tests/payloads tests/payloads
RUN python -m venv /opt/bridge \
 && /opt/bridge/bin/pip install --no-cache-dir --constraint constraints.txt '.[postgres]'

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent bridge \
 && mkdir /data && chown bridge /data
COPY --from=build /opt/bridge /opt/bridge
COPY wsgi.py gunicorn.conf.py /app/
COPY mappings /app/mappings
WORKDIR /app
# The root file system may be read-only: all state is in /data, gunicorn's and the metrics' scratch files in /tmp.
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BRIDGE_MAPPINGS=/app/mappings \
    BRIDGE_DATABASE_URL=sqlite:////data/bridge.db
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=15s --start-period=20s CMD ["bridge", "doctor", "--running"]
CMD ["bridge", "serve", "--bind", "0.0.0.0:8080"]
