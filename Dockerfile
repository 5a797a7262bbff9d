# A container for the nodes of a cluster: docker build --tag ecg-under-a-megabyte .
# The same pins as `make env`. The book's page "On a cluster" says how its steps were checked.
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/ecg
COPY requirements.txt .
RUN python -m pip install --no-cache-dir --disable-pip-version-check --requirement requirements.txt
COPY . .
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --editable .
ENV ECGLIB_PROJECT=/opt/ecg
ENTRYPOINT ["ecglib"]
CMD ["--help"]
