DROP TABLE certificate_series;
DROP TABLE certificate_act;
DROP TABLE certificate;
