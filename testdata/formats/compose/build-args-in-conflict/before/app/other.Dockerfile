ARG V
ARG T
ARG U=1
ARG E=1
FROM python:$V
FROM php:$T
FROM ruby:$U
FROM perl:${E:-5}
